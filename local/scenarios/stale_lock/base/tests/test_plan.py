import os

os.environ.setdefault("STATE_DIR", ".")

from tools.plan import plan


def test_the_plan_is_complete():
    assert len(plan()) == 2
