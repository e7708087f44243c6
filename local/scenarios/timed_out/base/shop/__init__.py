"""Takes over the suppliers' catalogues, page by page."""

import time

PAGES = 20
PAUSE_SECONDS = 0.43


def take_over(pages: int = PAGES) -> int:
    """The number of pages taken over. Suppliers allow a few pages a second and no more."""
    for _ in range(pages):
        time.sleep(PAUSE_SECONDS)
    return pages
