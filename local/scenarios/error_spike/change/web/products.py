"""Product pages, with the price in the customer's currency."""

from database import Pool

RATE = 1.08
pool = Pool()


def page(number: int) -> str:
    """The page of one product."""
    pool.take()
    price = 10 + number % 7
    if number % 2:
        pool.give_back()
        return f"product {number}: {price}.00 EUR"
    return f"product {number}: {price * RATE:.2f} USD"
