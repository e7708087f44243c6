"""Rules for the whole suite."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run: a red run can be repeated, and a green one is not luck. Seeds are tried by hand:
# pytest --hypothesis-profile=default --hypothesis-seed=N
settings.register_profile("repeatable", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("repeatable")

LOCAL = Path(__file__).parent / "local"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a running server stay on one worker, so that each server is started once."""
    for item in items:
        if item.path.is_relative_to(LOCAL):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(LOCAL).parts[0]))
