"""Questions that the deployed stack asks people, and answers to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from local.cloud import LocalCloud
from local.dependencies import serve
from local.developer import Developer
from local.records import Records
from local.repository import make_repository
from local.scenario import load
from local.story import Story
from selfheal.domain.approval import Approval
from selfheal.domain.incident import incident_id
from selfheal.domain.ledger import LedgerKind
from selfheal.steps.answer_approval import Reply, Statement
from tests.local.waits import waiting

Question = tuple[str, str, Approval]
Asked = Callable[[str], Question]


@contextmanager
def asking(developer: Developer, cloud: LocalCloud, stored: Records) -> Iterator[Asked]:
    """Lets the first build of a new project fail; gives project, run and what people were asked about it."""
    scenario = load("flaky_test")
    needed = scenario.dependency
    assert needed
    with ExitStack() as servers:

        def fail(wanted: str) -> tuple[str, str, Approval]:
            project = developer.free_name(wanted)
            repository = make_repository(scenario.folder, cloud.home / "repositories" / project)
            variables = {needed.variable: servers.enter_context(serve(needed.kind))}
            developer.create_project(project, repository.path, variables, cache=False)
            run_id = developer.wait(developer.build(project, repository.last), waiting()).id
            found = incident_id(run_id)

            def told() -> Approval | None:
                entry = stored.ledger.entry(found, LedgerKind.APPROVAL_REQUESTED)
                return stored.approvals.get(found) if entry else None

            return project, run_id, waiting().until(f"the question about {run_id}", told)

        yield fail


def ended(stored: Records, run_id: str) -> Story:
    def over() -> Story | None:
        found = Story(stored.ledger.entries(incident_id(run_id)))
        return found if found.over else None

    return waiting().until(f"the end of the incident of {run_id}", over)


def approves(approval: Approval, reason: str = "") -> Statement:
    return Statement(approval.incident_id, approval.digest, Reply.APPROVE, reason)
