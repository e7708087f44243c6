"""A pipeline that the deployed stack only watches: what it would have done is held against what people then did."""

from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.developer import Developer
from local.records import Records
from local.repository import make_repository
from local.state import CloudState
from local.story import Story
from selfheal.adapters.clock import SystemClock
from selfheal.domain.incident import incident_id
from selfheal.domain.shadow import Judgement
from selfheal.steps.report_shadow import ShadowReporter
from tests.local.waits import waiting

pytestmark = pytest.mark.local

BUILDSPEC = """
version: 0.2
phases:
  build:
    commands:
      - |
        if [ ! -f "{marker}" ]; then
          touch "{marker}"
          echo "npm ERR! code ECONNRESET"
          echo "npm ERR! network request to the registry failed"
          exit 1
        fi
      - echo built
"""


def test_a_retry_that_people_made_themselves_shows_that_selfheal_would_have_been_right(
    state: CloudState, cloud: LocalCloud, stored: Records, developer: Developer, tmp_path: Path
) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "buildspec.yml").write_text(BUILDSPEC.format(marker=tmp_path / "seen"))
    project = developer.free_name("watched-only")
    repository = make_repository(tmp_path, cloud.home / "repositories" / project)
    developer.create_project(project, repository.path, {}, cache=False)
    failed = developer.wait(developer.build(project, repository.last), waiting())
    incident = incident_id(failed.id)

    def over() -> Story | None:
        found = Story(stored.ledger.entries(incident))
        return found if found.over else None

    assert waiting().until("the end of the incident", over).outcome == "observed"
    again = developer.wait(developer.build(project, repository.last), waiting())
    assert (failed.status, again.status) == ("FAILED", "SUCCEEDED")
    waiting().until("the second build to be measured", lambda: stored.runs.get(again.id))
    reporter = ShadowReporter(stored.incidents, stored.ledger, stored.runs, stored.failures, SystemClock())
    (shadow,) = (each for each in reporter.report(1).shadows if each.incident_id == incident)
    assert (shadow.remedy, shadow.would, shadow.judgement) == ("retry_build", "act", Judgement.RIGHT)
    assert shadow.why == f"{again.id} passed on the same commit"
