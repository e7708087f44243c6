"""Confirmed incidents stay out of the window, five in a row at most."""

from datetime import timedelta

import pytest

from selfheal.detect.confirmed import MOST_IN_A_ROW, without_confirmed
from selfheal.ports import StoredRun
from selfheal.testing.builders import NOON, a_measurement


def kept(story: str) -> str:
    """Runs from old to new: ``.`` an ordinary one, ``!`` one whose incident was confirmed; gives those kept."""
    runs = [
        StoredRun(
            a_measurement(f"shop:{n}", started_at=NOON + timedelta(minutes=n)),
            announced=True,
            confirmed=sign == "!",
        )
        for n, sign in enumerate(story)
    ]
    names = [m.run_id for m in without_confirmed(runs[::-1])]
    assert names == sorted(names, key=lambda name: -int(name.partition(":")[2]))  # newest first, as they came
    return "".join(sign if f"shop:{n}" in names else " " for n, sign in enumerate(story))


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("", ""),
        ("...", "..."),
        ("..!.", ".. ."),
        ("!!!!!", "     "),
        ("!!!!!!!", "     !!"),
        (".!!!!!!.!!", ".     !.  "),
    ],
)
def test_what_is_kept(story: str, expected: str) -> None:
    assert kept(story) == expected


def test_a_new_normal_is_learned_although_every_run_of_it_was_confirmed() -> None:
    assert kept("." * 20 + "!" * 100).count("!") == 100 - MOST_IN_A_ROW
