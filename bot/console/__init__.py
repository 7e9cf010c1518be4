"""The console: Frontdesk in a browser, for admins and the support team."""
