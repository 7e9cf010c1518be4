"""What Frontdesk knows and answers, for AI assistants: a server of the Model Context Protocol, by its official SDK."""
