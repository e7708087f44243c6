"""Publishes the catalogue page by page."""


def publish(pages: list[str]) -> list[str]:
    """The addresses of the published pages."""
    return [f"/catalogue/{page}" for page in pages]
