"""Tags as the services write them: lists of key and value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.devtools.wire import Json


def read_tags(tags: Iterable[Json]) -> dict[str, str]:
    """The tags of a request, whose members have names in lower case or with a capital."""
    plain = ({name.lower(): text for name, text in tag.items()} for tag in tags)
    return {tag["key"]: tag.get("value", "") for tag in plain}


def write_tags(tags: Mapping[str, str], *, capital: bool = False) -> list[Json]:
    """Tags as a reply shows them."""
    key, value = ("Key", "Value") if capital else ("key", "value")
    return [{key: name, value: text} for name, text in sorted(tags.items())]
