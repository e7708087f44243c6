"""The kill switch, in a table of its own that no function may write: how it stands, and who did what with it."""

from datetime import datetime
from typing import NoReturn

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import ABSENT, Item, Table, key, packed, sortable, text, unpacked
from selfheal.domain.brakes import Pause, SwitchEntry, SwitchEvent
from selfheal.domain.errors import Throttled

CONTROL = "CONTROL"
SK = "SWITCH"


class DynamoSwitch:
    """SwitchBoard. Needs dynamodb:GetItem (paused); PutItem besides (pause, resume); Query (record)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def paused(self) -> Pause | None:
        """Switch."""
        item = self._table.get(CONTROL, SK)
        entry = unpacked(SwitchEntry, item["entry"]) if item else None
        if entry is None or entry.event is SwitchEvent.RESUMED:
            return None
        return Pause(entry.by, entry.at, entry.reason)

    def pause(self, pause: Pause) -> Pause:
        """SwitchBoard."""
        entry = SwitchEntry(SwitchEvent.PAUSED, pause.by, pause.at, pause.reason)
        if self._turn(entry, f"{ABSENT} OR #event = :resumed", {":resumed": text(SwitchEvent.RESUMED)}):
            return pause
        return self.paused() or _retry()

    def resume(self, by: str, at: datetime) -> Pause | None:
        """SwitchBoard. Ends the very pause that was read: one that somebody began meanwhile stays."""
        pause = self.paused()
        if pause is None:
            return None
        began = {":paused": text(SwitchEvent.PAUSED), ":began": text(sortable(pause.at))}
        if self._turn(
            SwitchEntry(SwitchEvent.RESUMED, by, at), "#event = :paused AND turned_at = :began", began
        ):
            return pause
        _retry()

    def record(self, limit: int) -> list[SwitchEntry]:
        """SwitchBoard. People turn it so seldom that all of it is read."""
        entries = [unpacked(SwitchEntry, item["entry"]) for item in self._table.query(CONTROL, "ENTRY#")]
        return entries[::-1][:limit]

    def _turn(self, entry: SwitchEntry, condition: str, values: Item) -> bool:
        """Turn the switch and record it, both or neither."""
        moment = sortable(entry.at)
        item = {"entry": packed(entry), "event": text(entry.event), "turned_at": text(moment)}
        sk = f"ENTRY#{moment}#{entry.event}"
        return self._table.transact(
            {
                "Put": {
                    "Item": key(CONTROL, SK) | item,
                    "ConditionExpression": condition,
                    "ExpressionAttributeValues": values,
                    "ExpressionAttributeNames": {"#event": "event"},
                }
            },
            {"Put": {"Item": key(CONTROL, sk) | item, "ConditionExpression": ABSENT}},
        )


def _retry() -> NoReturn:
    raise Throttled(
        "dynamodb:TransactWriteItems: somebody else is at the kill switch; look at `selfheal status`"
    )
