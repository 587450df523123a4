"""Checks what Binder would build and serve, without Docker: repo2docker's plan, the same steps, time and memory."""
