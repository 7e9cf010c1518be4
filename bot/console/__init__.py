"""What admins and teammates call, whatever the surface: commands, buttons and forms."""
