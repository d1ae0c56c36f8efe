"""What the worker processes of the server do, and the pool that runs it."""
