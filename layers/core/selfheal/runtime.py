"""The composition root: hands steps their adapters, and functions their frame.

Adapters are imported when they are first asked for, so that a cold start pays only for what its function uses.
This is the one place with a broad ``except``: an error leaves a function only after it was logged by type.
"""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools import Logger

from selfheal.approval_ports import Identities
from selfheal.detect.detector import Detector
from selfheal.domain.errors import NotYet, PermanentError, SelfhealError, UnforeseenError
from selfheal.domain.policy import Policy
from selfheal.hosting import Hosting
from selfheal.ports import EventBus, IntakeQueue, Model, Notifier, Resumer
from selfheal.settings import PipelineMetrics, Settings
from selfheal.steps.estimate import Estimator
from selfheal.steps.permission import Permission
from selfheal.steps.reconcile_runs import look_back

if TYPE_CHECKING:
    from selfheal.detect.hosted import Hosted
    from selfheal.detect.learner import Learner
    from selfheal.steps.earnings import Earnings
    from selfheal.steps.examine_run import Examiner
    from selfheal.steps.experiments import Experiments
    from selfheal.steps.serve_hosted import HostedServer
    from selfheal.steps.serve_model import ModelServer

logger = Logger()

T = TypeVar("T")


class Runtime(Hosting):
    """Everything a step may be given, built when it is first asked for and kept for the next invocation."""

    context: Any = None

    @property
    def actor(self) -> str:
        """The name in the initiator of every run that Selfheal starts."""
        return self.settings.text("SELFHEAL_ACTOR")

    @property
    def pipeline_metrics(self) -> PipelineMetrics:
        """Which numbers of a pipeline become metrics."""
        return self.settings.choice("SELFHEAL_PIPELINE_METRICS", PipelineMetrics)

    @cached_property
    def policy(self) -> Policy:
        """The stack's policy."""
        return self.settings.policy()

    @property
    def permission(self) -> Permission:
        """What says whether something may be done."""
        return Permission(
            self.policy,
            self.settings.mode,
            self.switch,
            self.actions,
            self.approvals,
            self.clock,
            self.tracks,
        )

    @property
    def estimator(self) -> Estimator:
        """What says what an action will take."""
        return Estimator(self.runs, self.standings)

    @property
    def detector(self) -> Detector:
        """What scores runs, with the model that serves now."""
        return Detector(self._model_server.current(), **self.settings.alarms(), hosted=self._hosted)

    @cached_property
    def _model_server(self) -> "ModelServer":
        from selfheal.model_metrics import tell_of_refused_model
        from selfheal.steps.serve_model import ModelServer

        return ModelServer(self.models, self.clock, tell_of_refused_model)

    @property
    def _hosted(self) -> "Hosted | None":
        """The forest behind the endpoint; None without one, and while it cannot serve."""
        return self._hosted_server.current() if self.settings.optional("SELFHEAL_ENDPOINT") else None

    @cached_property
    def _hosted_server(self) -> "HostedServer":
        from selfheal.model_metrics import tell_of_idle_endpoint
        from selfheal.steps.serve_hosted import HostedServer

        return HostedServer(self.hosted_models, self.hosted_forest, self.clock, tell_of_idle_endpoint)

    @cached_property
    def learner(self) -> "Learner":
        """Trains models."""
        from selfheal.detect.learner import ForestLearner

        return ForestLearner(**self.settings.alarms())

    @property
    def look_back(self) -> timedelta:
        """How far back reconcile_runs looks for runs whose event never came."""
        return look_back(timedelta(minutes=self.settings.number("SELFHEAL_RECONCILE_MINUTES", least=1)))

    @property
    def approval_wait(self) -> timedelta:
        """How long an execution waits for an answer."""
        return timedelta(seconds=self.settings.number("SELFHEAL_APPROVAL_SECONDS", least=10))

    @property
    def stack(self) -> str:
        """The stack's name, for commands that people are told."""
        return self.settings.text("SELFHEAL_STACK")

    @property
    def audience(self) -> str:
        """To whom an approver's statement is made: this stack, by its table, of which there is no second."""
        return self.settings.text("SELFHEAL_TABLE")

    @property
    def account(self) -> str:
        """The stack's own account."""
        return self.settings.text("SELFHEAL_ACCOUNT")

    @property
    def approvers(self) -> list[str]:
        """Globs over the ARNs of those who may approve; none: everybody whom IAM lets ask."""
        return self.settings.names("SELFHEAL_APPROVERS")

    @cached_property
    def identities(self) -> Identities:
        """STS, which knows who signed what."""
        from selfheal.adapters.sts import StsIdentities

        return StsIdentities(self._clients("sts"), self.clock)

    @property
    def examiner(self) -> "Examiner":
        """Examines runs that failed."""
        from selfheal.steps.examine_run import Examiner

        return Examiner(self.reader, self.logs, self.runs, self.reports, self.failures)

    @property
    def experiments(self) -> "Experiments":
        """Labels failures by what another attempt did."""
        from selfheal.steps.experiments import Experiments

        return Experiments(self.failures, self.labels)

    @property
    def earnings(self) -> "Earnings":
        """What remedies earn and lose by their outcomes."""
        from selfheal.steps.earnings import Earnings

        return Earnings(self.tracks, self.policy.autonomy)

    @cached_property
    def resumer(self) -> Resumer:
        """Resumes waiting executions."""
        from selfheal.adapters.stepfunctions import StepFunctionsResumer

        return StepFunctionsResumer(self._clients("stepfunctions"))

    @cached_property
    def bus(self) -> EventBus:
        """The selfheal bus."""
        from selfheal.adapters.events import EventBridgeBus

        return EventBridgeBus(self._clients("events"), self.settings.text("SELFHEAL_BUS"))

    @cached_property
    def queue(self) -> IntakeQueue:
        """The intake queue."""
        from selfheal.adapters.sqs import SqsIntakeQueue

        return SqsIntakeQueue(self._clients("sqs"), self.settings.text("SELFHEAL_INTAKE_QUEUE_URL"))

    @cached_property
    def notifier(self) -> Notifier:
        """The notification topic."""
        from selfheal.adapters.sns import SnsNotifier

        return SnsNotifier(self._clients("sns"), self.settings.text("SELFHEAL_TOPIC_ARN"))

    @cached_property
    def model(self) -> Model | None:
        """Bedrock; None when the stack has no model."""
        model_id = self.settings.optional("SELFHEAL_MODEL_ID")
        fallback = self.settings.optional("SELFHEAL_FALLBACK_MODEL_ID")
        models = [name for name in (model_id, fallback) if name]
        if not models:
            return None
        from selfheal.adapters.bedrock import BedrockModel
        from selfheal.adapters.converse import Guardrail

        guardrail_id = self.settings.optional("SELFHEAL_GUARDRAIL_ID")
        version = self.settings.optional("SELFHEAL_GUARDRAIL_VERSION")
        guardrail = Guardrail(guardrail_id, version) if guardrail_id else None
        return BedrockModel(self._clients("bedrock-runtime"), models, guardrail)


runtime = Runtime(Settings(os.environ))


def entry(handler: Callable[[Any, Runtime], Any]) -> Callable[[Any, Any], Any]:
    """The frame of a Lambda function: logging with the request's id, and the last word on every error."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def framed(event: Any, context: Any) -> Any:
        runtime.context = context
        with _logged_errors():
            return handler(event, runtime)

    return framed


def each_message(
    batch: Any,
    take_in: Callable[[str], T | None],
    record: Callable[[Sequence[T]], None],
    finish: Callable[[T], None],
) -> Any:
    """Lead the messages of an SQS batch through three stages: each body alone, what they gave together, each of it
    alone; gives the ids of those to deliver again.

    A message that fails harms no neighbour: it comes back until the queue moves it to the dead-letter queue.
    """
    taken: dict[str, T] = {}
    failed: list[str] = []

    def attempt(stage: Callable[[], T | None], *ids: str) -> T | None:
        try:
            with _logged_errors(message_ids=ids):
                return stage()
        except SelfhealError:
            failed.extend(ids)
            return None

    for message in batch["Records"]:
        result = attempt(partial(take_in, message["body"]), message["messageId"])
        if result is not None:
            taken[message["messageId"]] = result
    attempt(partial(record, list(taken.values())), *taken)
    for message_id, result in taken.items():
        if message_id not in failed:
            attempt(partial(finish, result), message_id)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@contextmanager
def _logged_errors(message_ids: Sequence[str] = ()) -> Iterator[None]:
    """Step Functions, the queue or the asynchronous caller decides what comes next; nothing is swallowed.

    Our own errors name fields and resources only. Any other may quote a log or a secret, and the Lambda runtime
    writes the text of whatever leaves a function into its log: so it leaves redacted.
    """
    try:
        yield
    except SelfhealError as error:
        _log_error(error, message_ids)
        raise
    except Exception as error:
        _log_error(error, message_ids)
        raise UnforeseenError(f"{type(error).__name__}: {_redacted(str(error))}") from None


def _log_error(error: Exception, message_ids: Sequence[str]) -> None:
    log, said = (logger.info, "not yet") if isinstance(error, NotYet) else (logger.error, "failed")
    log(
        said,
        error_type=type(error).__name__,
        permanent=isinstance(error, PermanentError),
        message_ids=list(message_ids),
        trace=_redacted("".join(traceback.format_exception(error))),
    )


def _redacted(text: str) -> str:
    """Fails closed: what cannot be redacted is left out."""
    from selfheal.diagnose.redact import Redactor

    try:
        return Redactor(runtime.secrets).redact(text)
    except Exception:
        return "left out: it could not be redacted"
