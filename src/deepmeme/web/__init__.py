"""The studio's page and the HTTP API."""
