"""The deployed stack verifies what its retries came to: worse than before, and tried in vain."""

from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.developer import Developer
from local.records import Records
from local.repository import make_repository
from local.story import Story
from selfheal.domain.incident import incident_id
from selfheal.domain.ledger import LedgerKind
from tests.local.waits import waiting

pytestmark = pytest.mark.local

# The first build fails in its BUILD phase; every later one where INSTALLED says so.
BUILDSPEC = """version: 0.2
phases:
  install:
    commands:
      - if [ -e "$MARK" ] && [ "$AGAIN" = install ]; then echo "npm ERR! network request failed ECONNRESET"; exit 1; fi
  build:
    commands:
      - touch "$MARK"
      - echo "npm ERR! network request to the registry failed, reason read ECONNRESET"; exit 1
"""


def failed(
    project: str, again: str, tmp_path: Path, developer: Developer, cloud: LocalCloud
) -> tuple[str, str, str]:
    """A project whose builds fail for want of a network: its name, commit and first build."""
    base = tmp_path / "sources" / "base"
    base.mkdir(parents=True)
    (base / "buildspec.yml").write_text(BUILDSPEC)
    name = developer.free_name(project)
    repository = make_repository(base.parent, cloud.home / "repositories" / name)
    variables = {"MARK": str(tmp_path / "built-once"), "AGAIN": again}
    developer.create_project(name, repository.path, variables, cache=False)
    return name, repository.last, developer.wait(developer.build(name, repository.last), waiting()).id


def story_of(stored: Records, run_id: str) -> Story:
    def over() -> Story | None:
        found = Story(stored.ledger.entries(incident_id(run_id)))
        return found if found.over else None

    return waiting().until(f"the end of the incident of {run_id}", over)


def reason(story: Story, kind: LedgerKind) -> str:
    return next(str(entry.data["reason"]) for entry in story.entries if entry.kind is kind)


def test_a_retry_that_fails_in_an_earlier_phase_is_worse_and_goes_to_a_person(
    cloud: LocalCloud, stored: Records, developer: Developer, tmp_path: Path
) -> None:
    name, _, run_id = failed("demo-worse", "install", tmp_path, developer, cloud)
    story = story_of(stored, run_id)
    assert story.outcome == "worse"
    said = reason(story, LedgerKind.OUTCOME)
    assert "failed in INSTALL already, which had succeeded before BUILD failed" in said
    assert "takes nothing back by itself" in said
    [told] = [e for e in story.entries if e.kind is LedgerKind.NOTIFIED]
    assert "worse than before" in str(told.data["subject"])
    assert len(developer.builds_of(name)) == 2


def test_a_second_failure_in_the_same_way_ends_retrying_on_that_commit(
    cloud: LocalCloud, stored: Records, developer: Developer, tmp_path: Path
) -> None:
    name, commit, run_id = failed("demo-vain", "build", tmp_path, developer, cloud)
    assert story_of(stored, run_id).outcome == "not_healed"
    third = developer.wait(developer.build(name, commit), waiting()).id
    story = story_of(stored, third)
    assert story.outcome != "healed" and len(developer.builds_of(name)) == 3
    assert story.decision == "refuse"
    assert "failed in the same way already" in reason(story, LedgerKind.DECIDED)
