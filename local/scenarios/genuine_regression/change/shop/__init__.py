"""Amounts with tax, in cents."""


def with_tax(cents: int, percent: int) -> int:
    """The amount with tax, rounded down to whole cents."""
    return cents + percent // 100
