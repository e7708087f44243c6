"""A CodeBuild project as a scenario's subject."""

from collections.abc import Collection, Sequence

from local.developer import Developer
from local.patience import Patience
from local.subject import Counts, Run
from selfheal.domain.incident import incident_id
from selfheal.domain.run import PipelineKey, Service

SUCCEEDED = "SUCCEEDED"


class BuildSubject:
    """See Subject. Its runs are builds; ``version`` is what is asked for instead of the commit, where it is given."""

    def __init__(self, developer: Developer, project: str, version: str = "") -> None:
        self._developer, self._project, self._version = developer, project, version

    @property
    def name(self) -> str:
        """See Subject."""
        return self._project

    @property
    def keys(self) -> Collection[PipelineKey]:
        """See Subject."""
        return [PipelineKey(Service.CODEBUILD, self._project)]

    def start(self, commit: str) -> str:
        """See Subject."""
        return self._developer.build(self._project, self._version or commit)

    def wait(self, started: str, patience: Patience) -> Run:
        """See Subject."""
        build = self._developer.wait(started, patience)
        return Run(build.id, incident_id(build.id), build.status == SUCCEEDED, build.ended_at)

    def counts(self) -> Counts:
        """See Subject."""
        return Counts(builds=len(self._developer.builds_of(self._project)))

    def differences(self, patience: Patience) -> Sequence[str]:
        """See Subject. A project has nothing that its builds do not show."""
        del patience
        return []
