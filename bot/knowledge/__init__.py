"""What admins steer: sources and refreshes."""
