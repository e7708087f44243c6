"""Shows the versions of the global model as a table that fits 80 columns."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from selfheal.domain.model import EMBEDDED, Champion, ModelRecord

STYLES = {"serves": "green", "on its way": "yellow", "former": "", "idle": "dim"}
CAPTION = "on the replay: alarms per 1,000 runs, share of injected anomalies caught"


def state_of(version: str, champion: Champion) -> str:
    """``serves``, ``on its way`` (the endpoint goes to it), ``former`` (a rollback can go back to it) or ``idle``."""
    if version == champion.moving:
        return "on its way"
    if version == champion.version:
        return "serves"
    return "former" if version in champion.served or version == EMBEDDED else "idle"


def model_table(champion: Champion, records: Sequence[ModelRecord], title: str = "") -> Table:
    """One line for each version, the embedded model last: it is always there."""
    table = Table(box=None, pad_edge=False, caption=CAPTION, caption_justify="left")
    table.title, table.title_justify = title or None, "left"
    table.add_column("version", no_wrap=True)
    table.add_column("trained", no_wrap=True)
    for column in ("runs", "pipelines", "alarms", "caught"):
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("state", no_wrap=True)
    for record in records:
        table.add_row(
            record.version,
            f"{record.trained_at:%Y-%m-%d}",
            str(record.runs),
            str(record.pipelines),
            f"{record.figures.alarms_per_1000:.1f}" if record.figures else "-",
            f"{record.figures.caught:.0%}" if record.figures else "-",
            _state(record.version, champion),
        )
    table.add_row(EMBEDDED, "-", "-", "-", "-", "-", _state(EMBEDDED, champion))
    return table


def _state(version: str, champion: Champion) -> Text:
    state = state_of(version, champion)
    return Text(state, STYLES[state])
