"""Adds up a basket; the money package is no longer needed."""


def total(prices: list[str]) -> int:
    """The basket's total in cents."""
    return sum(round(float(price) * 100) for price in prices)
