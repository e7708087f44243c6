"""Product pages."""

from database import Pool

pool = Pool()


def page(number: int) -> str:
    """The page of one product."""
    with pool.connection():
        return f"product {number}"
