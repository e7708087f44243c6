"""A corpus of our own for redaction: tokens, the places they stand in, and what must stay."""
