"""The closed catalogue of remedies: one module each, found by registry.py."""
