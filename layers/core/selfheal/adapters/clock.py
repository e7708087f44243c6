"""The real clock."""

from datetime import UTC, datetime


class SystemClock:
    """Clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)
