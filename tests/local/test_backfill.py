"""Backfill against the local cloud: real builds whose events are lost, real table, real bucket."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.surroundings import RealSurroundings
from local.clients import client
from local.cloud import LocalCloud
from local.developer import Developer
from local.records import Records
from local.state import CloudState
from selfheal.adapters.s3_reader import S3LakeReader
from selfheal.domain.incident import incident_id
from selfheal.domain.run import PipelineKey
from selfheal.steps.backfill_runs import Backfill, Fate
from tests.local.test_heal_loop import events, project_of
from tests.local.waits import waiting

pytestmark = pytest.mark.local


def test_builds_of_the_past_are_kept_once_and_open_no_incident(
    state: CloudState, cloud: LocalCloud, stored: Records, developer: Developer
) -> None:
    project, repository = project_of("genuine_regression", developer, cloud)
    with events(state, True, project):
        commits = (repository.first, repository.last)
        builds = [developer.wait(developer.build(project, commit), waiting()) for commit in commits]
    key = PipelineKey.parse(f"codebuild:{project}")
    surroundings = RealSurroundings()
    surroundings.cloud = cloud
    of_project = surroundings.past("", local=True, only=[key], pace=20)
    assert of_project.recent == timedelta(hours=1)
    now = datetime.now(UTC)

    def backfill() -> dict[Fate, int]:
        work = Backfill(
            of_project.gauges,
            of_project.lake,
            of_project.quarantine,
            of_project.stored,
            of_project.standings,
            lambda done: None,
        )
        return work.take_in(of_project.runs.ended_between(now - timedelta(days=1), now)).fates

    assert [backfill()[Fate.STORED], backfill()[Fate.KNOWN]] == [2, 2]
    history = [run.measurement for run in stored.runs.history(key, now, 9)]
    assert [m.run_id for m in history] == [build.id for build in reversed(builds)]
    assert all(m.log_bytes and m.phases and m.cache == "NO_CACHE" for m in history)
    reader = S3LakeReader(client(state, "s3"), state.outputs["LakeBucketName"])
    lake = {m.run_id: m for m in reader.read(now - timedelta(days=1), now)}
    assert [lake[m.run_id] for m in history] == history and not reader.skipped
    assert [each.run_id for each in stored.standings.recent(99) if each.pipeline == key] == [builds[1].id]
    assert stored.ledger.entries(incident_id(builds[1].id)) == []
