"""What models accept and which model an id stands for. Pure data: it changes within months, so it stands here alone."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How a model is made to answer in JSON, strictest first."""

    JSON_SCHEMA = "json_schema"
    FORCED_TOOL = "forced_tool"
    AUTO_TOOL = "auto_tool"
    PLAIN = "plain"


class Thinking(StrEnum):
    """Whether a model thinks before it answers when nothing is said about it. Thoughts count as answer."""

    NEVER = "never"
    UNLESS_TOLD = "unless_told"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Capability:
    """What a family of models takes."""

    modes: tuple[Mode, ...]
    thinking: Thinking = Thinking.NEVER


TOOL_MODES = frozenset({Mode.FORCED_TOOL, Mode.AUTO_TOOL})
ANSWER_TOKENS = 800
THOUGHTFUL_ANSWER_TOKENS = 2000

_STRUCTURED = Capability((Mode.JSON_SCHEMA, Mode.FORCED_TOOL, Mode.PLAIN))
_FORCED = Capability((Mode.FORCED_TOOL, Mode.AUTO_TOOL, Mode.PLAIN))
_QUIETENED = Capability(_FORCED.modes, Thinking.UNLESS_TOLD)
_AUTO = Capability((Mode.AUTO_TOOL, Mode.PLAIN), Thinking.ALWAYS)

# The first prefix that fits the model's own id. Structured output where AWS documents it; no forced tool where
# thinking cannot be switched off.
CAPABILITIES: tuple[tuple[str, Capability], ...] = (
    ("anthropic.claude-haiku-4-5", _STRUCTURED),
    ("anthropic.claude-sonnet-4-5", _STRUCTURED),
    ("anthropic.claude-sonnet-4-6", _STRUCTURED),
    ("anthropic.claude-opus-4-5", _STRUCTURED),
    ("anthropic.claude-opus-4-6", _STRUCTURED),
    ("anthropic.claude-haiku-5", _QUIETENED),
    ("anthropic.claude-sonnet-5", _AUTO),
    ("anthropic.claude-opus-5", _AUTO),
    ("amazon.nova", _FORCED),
    ("openai.gpt-oss", _AUTO),
    ("", _FORCED),
)
_GEOGRAPHIES = ("global.", "us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.")


def capability(model_id: str) -> Capability:
    """What a model takes. Inference profiles count as the model they lead to."""
    name = own_id(model_id)
    return next(found for prefix, found in CAPABILITIES if name.startswith(prefix))


def modes(model_id: str) -> tuple[Mode, ...]:
    """The modes a model takes, strictest first."""
    return capability(model_id).modes


def told_not_to_think(model_id: str, mode: Mode) -> bool:
    """Whether thinking is switched off, for a forced tool rules it out. A model that refuses gets the next mode."""
    return mode is Mode.FORCED_TOOL and capability(model_id).thinking is Thinking.UNLESS_TOLD


def answer_tokens(model_id: str, mode: Mode) -> int:
    """The longest answer in tokens, with room for thoughts where a model has any."""
    quiet = capability(model_id).thinking is Thinking.NEVER or told_not_to_think(model_id, mode)
    return ANSWER_TOKENS if quiet else THOUGHTFUL_ANSWER_TOKENS


def own_id(model_id: str) -> str:
    """The model's own id, without the ARN before it and the geography of an inference profile."""
    name = model_id.rpartition("/")[2]
    return name.removeprefix(next((prefix for prefix in _GEOGRAPHIES if name.startswith(prefix)), ""))


def is_global(model_id: str) -> bool:
    """Whether the id is that of a global inference profile, which is cheaper than a regional one."""
    return model_id.rpartition("/")[2].startswith("global.")
