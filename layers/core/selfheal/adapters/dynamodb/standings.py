"""How pipelines stand: one small item for each, so that a list of them needs no scan."""

from datetime import timedelta

from selfheal.adapters.calls import Client
from selfheal.adapters.dynamodb.table import Item, Table, key, number, packed, sortable, text, unpacked
from selfheal.domain.run import PipelineKey
from selfheal.domain.standing import Standing

PIPELINES = "PIPELINES"
KEPT = timedelta(days=400)


class DynamoStandings:
    """Standings. Needs dynamodb:PutItem (keep), GetItem (of), and Query on the index (recent)."""

    def __init__(self, client: Client, table: str) -> None:
        self._table = Table(client, table)

    def keep(self, standing: Standing) -> bool:
        """Standings."""
        moment = text(sortable(standing.started_at))
        return self._table.put_unless_later(_item(standing), "started_at", moment, again=True)

    def of(self, pipeline: PipelineKey) -> Standing | None:
        """Standings."""
        item = self._table.get(PIPELINES, str(pipeline))
        return unpacked(Standing, item["standing"]) if item else None

    def recent(self, limit: int) -> list[Standing]:
        """Standings. Read from the index: the latest run may be missing for a moment."""
        return [unpacked(Standing, item["standing"]) for item in self._table.feed(PIPELINES, limit)]


def _item(standing: Standing) -> Item:
    moment = sortable(standing.started_at)
    return key(PIPELINES, str(standing.pipeline)) | {
        "feed_pk": text(PIPELINES),
        "feed_sk": text(f"{moment}#{standing.pipeline}"),
        "started_at": text(moment),
        "standing": packed(standing),
        "expires_at": number(int((standing.started_at + KEPT).timestamp())),
    }
