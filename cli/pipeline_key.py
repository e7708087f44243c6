"""Pipeline keys as people type them."""

from cli.errors import UsageError
from selfheal.domain.errors import InvalidEvent
from selfheal.domain.run import PipelineKey


def pipeline_key(text: str, place: str = "PIPELINE") -> PipelineKey:
    """The key that was typed. Raises UsageError naming the argument or option where it was typed."""
    try:
        return PipelineKey.parse(text)
    except InvalidEvent as error:
        raise UsageError(f"{place}: {str(error).removeprefix('pipeline: ')}") from error
