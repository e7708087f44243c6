"""The demo's scenarios on the deployed stack: those that no other test plays."""

import pytest

from local.result import Result

pytestmark = pytest.mark.local


@pytest.mark.timeout(3600)
def test_every_other_scenario_ends_as_it_must(played: dict[str, Result]) -> None:
    """The builds and deployments of each are counted."""
    assert len(played) >= 9
    assert {name: list(result.differences) for name, result in played.items() if result.differences} == {}
