"""The kill switch in DynamoDB: it stands for whoever reads next, and everything done with it is on record."""

from datetime import timedelta
from typing import Any

import pytest

from selfheal.adapters.dynamodb.switch import DynamoSwitch
from selfheal.domain.brakes import Pause, SwitchEntry, SwitchEvent
from selfheal.domain.errors import RequestRejected, Throttled
from selfheal.testing.builders import NOON

TABLE = "selfheal-test"
ANN, BOB = "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/bob"
PAUSE = Pause(ANN, NOON, "too many rollbacks")
LATER = NOON + timedelta(minutes=5)


def test_a_pause_is_seen_by_the_next_read_and_ends_with_the_resume(dynamodb: Any) -> None:
    board, reader = DynamoSwitch(dynamodb, TABLE), DynamoSwitch(dynamodb, TABLE)
    assert reader.paused() is None
    assert board.pause(PAUSE) == PAUSE and reader.paused() == PAUSE
    assert board.resume(BOB, LATER) == PAUSE and reader.paused() is None
    assert board.record(9) == [
        SwitchEntry(SwitchEvent.RESUMED, BOB, LATER),
        SwitchEntry(SwitchEvent.PAUSED, ANN, NOON, "too many rollbacks"),
    ]


def test_the_first_pause_stands_and_a_resume_without_one_is_nothing(dynamodb: Any) -> None:
    board = DynamoSwitch(dynamodb, TABLE)
    assert board.resume(BOB, NOON) is None
    board.pause(PAUSE)
    assert board.pause(Pause(BOB, LATER)) == PAUSE
    assert len(board.record(9)) == 1
    board.resume(BOB, LATER)
    assert board.pause(Pause(BOB, LATER + timedelta(minutes=1))).by == BOB
    assert [entry.by for entry in board.record(2)] == [BOB, BOB]


def test_a_resume_ends_only_the_pause_it_has_read(dynamodb: Any) -> None:
    board = DynamoSwitch(dynamodb, TABLE)

    class OvertakenByAnn(DynamoSwitch):
        def paused(self) -> Pause | None:
            found = super().paused()
            board.resume(BOB, LATER)
            board.pause(Pause(ANN, LATER + timedelta(seconds=1), "still broken"))
            return found

    board.pause(PAUSE)
    with pytest.raises(Throttled, match="somebody else"):
        OvertakenByAnn(dynamodb, TABLE).resume(BOB, LATER + timedelta(seconds=2))
    standing = board.paused()
    assert standing is not None and standing.reason == "still broken"


def test_a_switch_that_cannot_be_read_is_no_switch_that_is_off(scripted: Any) -> None:
    client, stubber = scripted("dynamodb")
    stubber.add_client_error("get_item", "AccessDeniedException", "not authorized", 403)
    with pytest.raises(RequestRejected):
        DynamoSwitch(client, TABLE).paused()
