"""The demo's scenarios on the deployed stack: those that no other test plays."""

import pytest

from local.cloud import LocalCloud
from local.demo import run_demo
from local.scenario import load, names
from local.state import CloudState

pytestmark = pytest.mark.local

# What other tests play, or show on their own projects: test_heal_loop, test_level_shift, test_asking.
ELSEWHERE = {"flaky_test", "genuine_regression", "level_shift", "doubled_events", "lost_events"}
ELSEWHERE |= {"harmful_release"}  # test_harm_of_stage, on the one pipeline that the policy watches
ELSEWHERE |= {"approved", "rejected", "expired_approval"}
# Long, or like another one; the demo plays them.
LEFT_TO_THE_DEMO = {"slow_build", "broken_buildspec", "poisoned_cache", "rate_limited_dependency"}


@pytest.mark.timeout(3600)
def test_every_other_scenario_ends_as_it_must(state: CloudState, cloud: LocalCloud) -> None:
    """Side by side, as the demo plays them; the builds and deployments of each are counted."""
    wanted = [name for name in names() if name not in ELSEWHERE | LEFT_TO_THE_DEMO]
    results = run_demo(state, cloud.home, [load(name) for name in wanted], lambda update: None)
    assert {result.name: list(result.differences) for result in results if result.differences} == {}
    assert [result.name for result in results] == wanted
