"""One RunReader for all services, one LogReader for all places of logs."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from selfheal.domain.run import LogLocation, LogObject, Run, RunRef, Service
from selfheal.ports import LogLine, RunReader

Maker = Callable[[], RunReader]
_REMEMBERED = 5


class ServiceReader:
    """RunReader that asks the reader of the run's own service, which it makes when it is first needed."""

    def __init__(self, codebuild: Maker, codepipeline: Maker, codedeploy: Maker) -> None:
        self._makers = {
            Service.CODEBUILD: codebuild,
            Service.CODEPIPELINE: codepipeline,
            Service.CODEDEPLOY: codedeploy,
        }
        self._made: dict[Service, RunReader] = {}
        self._secrets: deque[tuple[str, ...]] = deque(maxlen=_REMEMBERED)

    def read(self, ref: RunRef) -> Run:
        """RunReader."""
        service = ref.key.service
        if service not in self._made:
            self._made[service] = self._makers[service]()
        run = self._made[service].read(ref)
        self._secrets.append(run.secrets)
        return run

    @property
    def secrets(self) -> list[str]:
        """The secrets of the runs read last: an error that comes of one may quote them."""
        return [secret for secrets in self._secrets for secret in secrets]


class _Cloudwatch(Protocol):
    def lines(self, place: LogLocation) -> Iterator[LogLine]: ...


class _S3(Protocol):
    def lines(self, place: LogObject) -> Iterator[LogLine]: ...


class PlaceLogReader:
    """LogReader that asks the reader of the place where the log is, which it makes when it is needed."""

    def __init__(self, cloudwatch: Callable[[], _Cloudwatch], s3: Callable[[], _S3]) -> None:
        self._cloudwatch = cloudwatch
        self._s3 = s3

    def lines(self, place: LogLocation | LogObject) -> Iterator[LogLine]:
        """LogReader."""
        return self._s3().lines(place) if isinstance(place, LogObject) else self._cloudwatch().lines(place)
