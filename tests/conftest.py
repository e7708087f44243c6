"""Rules for the whole suite."""

from pathlib import Path

import pytest

LOCAL = Path(__file__).parent / "local"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a running server stay on one worker, so that each server is started once."""
    for item in items:
        if item.path.is_relative_to(LOCAL):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(LOCAL).parts[0]))
