"""What to do about a diagnosis, in words for people: from a model, or from the catalogue. Pure."""
