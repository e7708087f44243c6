"""Adds up a basket with the vendored money package."""

import sys

sys.path.insert(0, "vendor")


def total(prices: list[str]) -> int:
    """The basket's total in cents."""
    from shop_money import cents

    return sum(cents(price) for price in prices)
