"""The MCP server as a platform."""
