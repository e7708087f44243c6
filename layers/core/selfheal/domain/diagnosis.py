"""Diagnosis: what caused a run to need attention, how sure that is, and the lines that prove it."""

from dataclasses import dataclass
from enum import StrEnum

SCORE = "score"
"""The ``source`` of a diagnosis that says only which metrics were odd."""
ALARM = "alarm"
"""The ``source`` of a diagnosis that rests on alarms of what was deployed."""


class Cause(StrEnum):
    """The closed list of causes."""

    INFRA_FLAKE = "infra_flake"
    NETWORK = "network"
    REGISTRY_RATE_LIMIT = "registry_rate_limit"
    EXTERNAL_SERVICE = "external_service"
    QUOTA = "quota"
    DISK_FULL = "disk_full"
    OOM = "oom"
    TIMEOUT = "timeout"
    SOURCE_ERROR = "source_error"
    CANCELLED = "cancelled"
    FLAKY_TEST = "flaky_test"
    TEST_FAILURE = "test_failure"
    COMPILE_ERROR = "compile_error"
    LINT_QUALITY = "lint_quality"
    DEPENDENCY_RESOLUTION = "dependency_resolution"
    CONFIG_ERROR = "config_error"
    AUTH_PERMISSION = "auth_permission"
    DEPLOY_FAILURE = "deploy_failure"
    UNKNOWN = "unknown"


class Suspect(StrEnum):
    """What in the run's environment is to blame, where the evidence says so."""

    NONE = ""
    CACHE = "cache"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A redacted line of the log and its number there (1-based; 0 when it comes from the service itself)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``transient``: whether another attempt of the same commit can pass; None when nobody can tell.

    ``confidence`` is 0..1. ``source`` names what decided: ``service`` (phase, status, context),
    ``signature:<id>``, ``score`` (the metrics), ``alarm`` or ``none``. ``fingerprint`` is equal for equal failures.
    ``test`` names the failing test where there is one. ``pipeline`` names the pipeline that started the run, where
    one did: then it is repeated through its stage. ``stage`` is that stage, empty when CodePipeline did not tell.
    ``retry_after_seconds`` is how long whoever refused the run asked it to wait, 0 where nobody did.
    """

    cause: Cause
    transient: bool | None
    confidence: float
    source: str
    fingerprint: str
    summary: str
    evidence: tuple[EvidenceLine, ...] = ()
    suspect: Suspect = Suspect.NONE
    test: str = ""
    pipeline: str = ""
    retry_after_seconds: int = 0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What Bedrock, or the catalogue in its place, proposes. It has no authority over what is executed.

    ``origin`` is a model id or ``catalogue``; ``reason`` says why the catalogue spoke instead of a model.
    ``quotes`` are lines of the evidence; ``quotes_dropped`` counts those that a model made up. ``prompt`` is the
    version of the prompt, empty when no model was asked. The tokens are those of all calls for this suggestion,
    unusable answers included; ``cost_usd`` is what they cost by the price table, None where it has no price.
    """

    remedy: str
    explanation: str
    origin: str
    reason: str = ""
    quotes: tuple[str, ...] = ()
    quotes_dropped: int = 0
    prompt: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
