"""In-memory ports and builders, for tests. No mocks: each behaves like what it stands for. Not in the layer."""
