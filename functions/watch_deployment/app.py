"""WatchDeployment: opens an incident when an alarm goes off for which a deployment is to blame."""

from typing import Any

from selfheal.metrics import watch_metrics
from selfheal.runtime import Runtime, entry
from selfheal.steps.watch_deployment import DeploymentWatch
from selfheal.wire import watch_hint


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An alarm's change of state or a "Run Measured" event in; the ids of the incidents it belongs to out."""
    watch = DeploymentWatch(
        watches=runtime.policy.watches, alarms=runtime.alarm_reader, runs=runtime.runs, actions=runtime.actions,
        harms=runtime.harms, incidents=runtime.incidents, ledger=runtime.ledger, bus=runtime.bus,
        clock=runtime.clock,
    )  # fmt: skip
    found = watch.look(watch_hint(event))
    for watched in found:
        watch_metrics(watched)
    return {"incidents": [watched.incident_id for watched in found if watched.incident_id]}
