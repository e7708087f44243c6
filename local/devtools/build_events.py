"""CodeBuild's events, in the shape the service gives them."""

from __future__ import annotations

from datetime import UTC, datetime

from local.devtools.builds import Build, present
from local.devtools.events import Event
from local.devtools.phases import Phase
from local.devtools.wire import Json


def state_change(build: Build, now: float) -> Event:
    """The event of a build that has started or ended."""
    detail = {
        "build-status": build.status,
        "project-name": build.plan.project,
        "build-id": build.arn,
        "current-phase": build.current_phase,
        "current-phase-context": "[]",
        "version": "1",
        "additional-information": _information(build),
    }
    return _event(build, "CodeBuild Build State Change", detail, now)


def phase_change(build: Build, phase: Phase, now: float) -> Event:
    """The event of a phase that has ended."""
    shown = _phase(phase)
    detail = {
        "project-name": build.plan.project,
        "build-id": build.arn,
        "completed-phase": phase.name,
        "completed-phase-status": phase.status,
        "completed-phase-start": shown["start-time"],
        "completed-phase-end": shown.get("end-time"),
        "completed-phase-duration-seconds": shown.get("duration-in-seconds"),
        "completed-phase-context": f"[{_contexts(phase)}]",
        "version": "1",
        "additional-information": _information(build),
    }
    return _event(build, "CodeBuild Build Phase Change", detail, now)


def _event(build: Build, detail_type: str, detail: Json, now: float) -> Event:
    return Event("codebuild", detail_type, build.plan.project, (build.arn,), detail, now)


def _information(build: Build) -> Json:
    plan, shown = build.plan, build.wire()
    information = {
        "artifact": {"location": ""},
        "cache": plan.cache,
        "timeout-in-minutes": float(plan.timeout_minutes),
        "queued-timeout-in-minutes": float(plan.queued_timeout_minutes),
        "build-complete": build.complete,
        "build-number": float(build.number),
        "initiator": build.initiator,
        "build-start-time": _stamp(build.started),
        "source": present({"type": plan.source["type"], "location": plan.source.get("location")}),
        "source-version": plan.source_version,
        "resolved-source-version": build.resolved_version,
        "logs": {
            "group-name": build.log_group,
            "stream-name": build.uuid,
            "deep-link": shown["logs"]["deepLink"],
        },
        "environment": _environment(plan.environment),
        "phases": [_phase(phase) for phase in build.phases],
    }
    return present(information)


def _environment(environment: Json) -> Json:
    return {
        "image": environment["image"],
        "privileged-mode": environment.get("privilegedMode", False),
        "compute-type": environment["computeType"],
        "type": environment["type"],
        "environment-variables": environment.get("environmentVariables", []),
    }


def _phase(phase: Phase) -> Json:
    shown: Json = {"phase-type": phase.name, "start-time": _stamp(phase.started)}
    if phase.ended is not None:
        shown |= {
            "phase-context": [_contexts(phase)],
            "end-time": _stamp(phase.ended),
            "duration-in-seconds": float(int(phase.ended - phase.started)),
            "phase-status": phase.status,
        }
    return shown


def _contexts(phase: Phase) -> str:
    return ", ".join(f"{code}: {message}" for code, message in phase.contexts)


def _stamp(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%b} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"
