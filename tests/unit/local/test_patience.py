import threading

import pytest

from local.errors import ScenarioStuck
from local.patience import Patience


def test_what_is_found_is_given_back_without_waiting() -> None:
    stopped = threading.Event()
    stopped.set()
    assert Patience(0, stopped, "").until("x", lambda: "found") == "found"


def test_it_looks_again_until_there_is_something() -> None:
    answers = iter([None, None, 7])
    assert Patience(30, threading.Event(), "").until("x", lambda: next(answers)) == 7


def test_the_limit_names_what_was_waited_for_and_where_to_look() -> None:
    with pytest.raises(ScenarioStuck, match=r"no sign of the end within 0 s\. Look there"):
        Patience(0, threading.Event(), "Look there").until("the end", lambda: None)


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ScenarioStuck, match="stopped while waiting for the end"):
        Patience(30, stop, "").until("the end", lambda: None)
