"""Reserves goods in the stock."""

import time

ROUND_TRIP_SECONDS = 0.1
AUDIT_SECONDS = 0.4


def reserve(goods: list[str]) -> dict[str, str]:
    """What was reserved. Asks the stock for each of the goods, and has the audit write down every answer."""
    reserved = {}
    for item in goods:
        time.sleep(ROUND_TRIP_SECONDS)
        reserved[item] = "reserved"
        time.sleep(AUDIT_SECONDS)
    return reserved
