"""One RunReader for all services."""

from collections.abc import Callable

from selfheal.domain.run import Run, RunRef, Service
from selfheal.ports import RunReader

Maker = Callable[[], RunReader]


class ServiceReader:
    """RunReader that asks the reader of the run's own service, which it makes when it is first needed."""

    def __init__(self, codebuild: Maker, codepipeline: Maker, codedeploy: Maker) -> None:
        self._makers = {
            Service.CODEBUILD: codebuild,
            Service.CODEPIPELINE: codepipeline,
            Service.CODEDEPLOY: codedeploy,
        }
        self._made: dict[Service, RunReader] = {}

    def read(self, ref: RunRef) -> Run:
        """RunReader."""
        service = ref.key.service
        if service not in self._made:
            self._made[service] = self._makers[service]()
        return self._made[service].read(ref)
