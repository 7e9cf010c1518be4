"""The keys of the HTTP API: who may call it, and what for."""
