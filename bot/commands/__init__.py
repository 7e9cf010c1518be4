"""What admins and teammates call, from whatever surface: commands, buttons and forms."""
