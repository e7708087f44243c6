"""Asks the inventory service how much of a product is in stock."""

import json
import os
from urllib.request import urlopen


def stock(sku: str, timeout: float) -> int:
    """Pieces in stock. Raises TimeoutError when the service does not answer within ``timeout`` seconds."""
    url = f"{os.environ['INVENTORY_URL']}/stock/{sku}"
    try:
        with urlopen(url, timeout=timeout) as reply:
            return json.load(reply)["stock"]
    except TimeoutError as error:
        raise TimeoutError(f"timed out waiting for the inventory service after {timeout} s") from error
