"""`frontdesk …`: thin commands over the application. Nothing heavy is imported before a command needs it."""
