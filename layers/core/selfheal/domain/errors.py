"""Every error Selfheal raises on purpose.

A permanent error will not go away by trying again; the state machine's retriers name these classes
(``MaxAttempts: 0``) and the intake queue sends what caused them to the dead-letter queue. Every other
error is worth another attempt.
"""


class SelfhealError(Exception):
    """Root of all errors raised on purpose."""


class PermanentError(SelfhealError):
    """Trying again cannot help."""


class TransientError(SelfhealError):
    """Trying again may help."""


class InvalidEvent(PermanentError):
    """An event or state payload does not have the shape it must have. Names the field and the fix."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class InvalidSetting(PermanentError):
    """An environment variable is missing or malformed. Names the variable and the fix."""


class InvalidPolicy(PermanentError):
    """A policy file cannot be used. Names the key and the fix."""


class InvalidSignature(PermanentError):
    """A signature file cannot be used. Names the entry and the fix."""


class RunNotFound(PermanentError):
    """The service no longer knows this run (builds are kept for a year)."""


class IncidentNotFound(PermanentError):
    """The table holds no incident of this id."""


class LedgerBroken(PermanentError):
    """An incident's record does not fit its archive; says which entry. `selfheal ledger verify` tells what differs."""


class ModelNotFound(PermanentError):
    """The store holds no model of this version."""


class ModelRefused(PermanentError):
    """A model's artifact is damaged or was made for other features or another library; says which."""


class TooLittleHistory(PermanentError):
    """There are not enough runs to train on; says how many there are and how many it takes."""


class ChampionChanged(TransientError):
    """Another writer changed the champion between reading and writing the pointer."""


class NothingToRollBack(PermanentError):
    """No model was promoted before the one that serves."""


class ActionRefused(PermanentError):
    """An action was not carried out, with the plain reason a person is shown."""


class ApprovalRefused(PermanentError):
    """An approval cannot be answered so; says why and what to do instead."""


class IdentityUnproven(PermanentError):
    """Nobody knows who is calling: the proof of identity is malformed, too old, or for something else."""


class RequestRejected(PermanentError):
    """AWS refused a call for good: access denied, validation, unknown resource."""


class Throttled(TransientError):
    """AWS asked us to slow down, after the SDK's own retries."""


class ServiceUnavailable(TransientError):
    """AWS or the network did not answer, after the SDK's own retries."""


class UnforeseenError(TransientError):
    """Something raised what nobody foresaw; its text is redacted, for it may quote what it choked on."""


class ForestUnavailable(TransientError):
    """The hosted forest did not answer, or not as it should; says why. The embedded one serves instead."""


class NoSuggestion(SelfhealError):
    """No model gave a usable suggestion; says why. The catalogue speaks instead."""


class TokensSpent(NoSuggestion):
    """A token budget has no room left for another call of a model. Names the budget and the parameter."""


class NotYet(TransientError):
    """Nothing is wrong: what is asked for has not come to pass yet; ask again later."""


class MeasurementIncomplete(NotYet):
    """The run is not over yet although its event says so; read it again later."""


class StageUnfinished(NotYet):
    """A build has failed, but CodePipeline has not noticed yet: until its stage has ended it cannot be retried."""


class AlarmsUnsettled(NotYet):
    """The alarms of a harmful deployment that was rolled back are not quiet yet; read them again later."""
