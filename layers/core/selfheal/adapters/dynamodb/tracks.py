"""What remedies have earned: outcomes in the table; what people cleared in the one that no function may write."""

from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, number, packed, sortable, text, unpacked
from selfheal.domain.action import OutcomeStatus
from selfheal.domain.autonomy import Clearance, Subject, Track, Trial

KEPT = timedelta(days=400)
COUNTED = 200
TRACKS = "TRACKS"
_TRIAL = "TRIAL#"


class DynamoTracks:
    """TrackRecords and TrackBoard. Needs dynamodb:PutItem (note) and Query (track) on the table, GetItem (track) and
    PutItem (clear) on the control table, and Query on the table's index (recent).

    A trial is an item of its own: nothing is counted up, so nothing can be counted twice. It expires, except for one
    that made things worse: only a person forgets that.
    """

    def __init__(self, client: Client, table: str, control_table: str) -> None:
        self._table = Table(client, table)
        self._control = Table(client, control_table)

    def note(self, subject: Subject, trial: Trial) -> None:
        """TrackRecords."""
        moment = sortable(trial.at)
        passes = {} if trial.outcome is OutcomeStatus.WORSE else {"expires_at": _expiry(trial)}
        self._table.put(
            key(_pk(subject), f"{_TRIAL}{moment}#{trial.incident_id}")
            | {
                "feed_pk": text(TRACKS),
                "feed_sk": text(f"{moment}#{trial.incident_id}"),
                "subject": packed(subject),
                "trial": packed(trial),
            }
            | passes
        )

    def track(self, subject: Subject) -> Track:
        """TrackRecords, read consistently."""
        newest = self._table.newest(_pk(subject), _TRIAL, COUNTED)
        trials = tuple(unpacked(Trial, item["trial"]) for item in newest)
        item = self._control.get(_pk(subject), "CLEARED")
        return Track(subject, trials, unpacked(Clearance, item["clearance"]) if item else None)

    def recent(self, limit: int) -> list[tuple[Subject, Trial]]:
        """TrackBoard. Read from the index: a trial of this very moment may be missing."""
        return [_pair(item) for item in self._table.feed(TRACKS, limit)]

    def clear(self, subject: Subject, clearance: Clearance) -> None:
        """TrackBoard. The last one holds, each one is kept."""
        item = {"clearance": packed(clearance)}
        moment = sortable(clearance.at)
        self._control.put_new(key(_pk(subject), f"CLEARED#{moment}") | item)
        last = key(_pk(subject), "CLEARED") | item | {"cleared_at": text(moment)}
        self._control.put_unless_later(last, "cleared_at", text(moment), again=True)


def _pk(subject: Subject) -> str:
    return f"TRACK#{subject.pipeline}#{subject.cause}#{subject.remedy}"


def _expiry(trial: Trial) -> Item:
    return number(int((trial.at + KEPT).timestamp()))


def _pair(item: Item) -> tuple[Subject, Trial]:
    return unpacked(Subject, item["subject"]), unpacked(Trial, item["trial"])
