"""What models accept and which model an id stands for. Pure data: it changes within months, so it stands here alone."""

from enum import StrEnum


class Mode(StrEnum):
    """How a model is made to answer in JSON, strictest first."""

    JSON_SCHEMA = "json_schema"
    FORCED_TOOL = "forced_tool"
    AUTO_TOOL = "auto_tool"
    PLAIN = "plain"


TOOL_MODES = frozenset({Mode.FORCED_TOOL, Mode.AUTO_TOOL})

_STRUCTURED = (Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN)
_FORCED = (Mode.FORCED_TOOL, Mode.AUTO_TOOL, Mode.PLAIN)
_AUTO = (Mode.AUTO_TOOL, Mode.PLAIN)

# The first prefix that fits the model's own id. Structured output where AWS documents it; no forced tool where
# thinking cannot be switched off.
CAPABILITIES: tuple[tuple[str, tuple[Mode, ...]], ...] = (
    ("anthropic.claude-haiku-4-5", _STRUCTURED),
    ("anthropic.claude-sonnet-4-5", _STRUCTURED),
    ("anthropic.claude-sonnet-4-6", _STRUCTURED),
    ("anthropic.claude-opus-4-5", _STRUCTURED),
    ("anthropic.claude-opus-4-6", _STRUCTURED),
    ("anthropic.claude-haiku-5", _FORCED),
    ("anthropic.claude-sonnet-5", _AUTO),
    ("anthropic.claude-opus-5", _AUTO),
    ("amazon.nova", _FORCED),
    ("openai.gpt-oss", _AUTO),
    ("", _FORCED),
)
_GEOGRAPHIES = ("global.", "us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.")


def modes(model_id: str) -> tuple[Mode, ...]:
    """The modes a model takes, strictest first. Inference profiles count as the model they lead to."""
    name = own_id(model_id)
    return next(accepted for prefix, accepted in CAPABILITIES if name.startswith(prefix))


def own_id(model_id: str) -> str:
    """The model's own id, without the ARN before it and the geography of an inference profile."""
    name = model_id.rpartition("/")[2]
    return name.removeprefix(next((prefix for prefix in _GEOGRAPHIES if name.startswith(prefix)), ""))


def is_global(model_id: str) -> bool:
    """Whether the id is that of a global inference profile, which is cheaper than a regional one."""
    return model_id.rpartition("/")[2].startswith("global.")
