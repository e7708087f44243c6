"""The tag by which an owner permits that something is healed, in the spellings of the services."""

from collections.abc import Iterable

from selfheal.adapters.calls import Json
from selfheal.domain.remedy import TAG_KEY, TAG_VALUE


def permits(tags: Iterable[Json]) -> bool:
    """Whether the tag is among these (CodeBuild and CodePipeline write ``key``, CodeDeploy ``Key``)."""
    pairs = {(tag.get("key", tag.get("Key")), tag.get("value", tag.get("Value"))) for tag in tags}
    return (TAG_KEY, TAG_VALUE) in pairs
