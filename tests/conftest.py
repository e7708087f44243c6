"""Rules for the whole suite."""

from typing import Any

import pytest
from hypothesis import settings

from tests.workers import ByServer, turn_of

# The same examples on every run: a red run can be repeated, and a green one is not luck. Seeds are tried by hand:
# pytest --hypothesis-profile=default --hypothesis-seed=N
settings.register_profile("repeatable", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that no worker is left alone with them in the end."""
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer:
    """Tests that share something stay on one worker; the order is the one above, not that of their number."""
    config.option.loadscopereorder = False
    return ByServer(config, log)
