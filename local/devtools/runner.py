"""Running one build: real commands in a real checkout, phase by phase as CodeBuild does."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.devtools import build_events, phases
from local.devtools.builds import Build
from local.devtools.buildspec import Buildspec, BuildspecError, PhaseSpec, parse_buildspec
from local.devtools.cache import BuildCache
from local.devtools.cloud import Cloud
from local.devtools.events import EventPublisher
from local.devtools.logs import BuildLog
from local.devtools.metrics import GIB_MEGABYTES, ResourceMeter, compute
from local.devtools.phases import Phase, PhaseError
from local.devtools.reports import ReportStore, make_report
from local.devtools.shell import CutShortError, Shell
from local.devtools.source import SourceError, checkout
from local.devtools.variables import build_variables

COMMAND_PHASES = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")


@dataclass(frozen=True)
class Workshop:
    """What all builds share: where they work and report to, how many run at once, how long a minute is and
    how many MiB a GiB of memory is.
    """

    cloud: Cloud
    events: EventPublisher
    reports: ReportStore
    cache: BuildCache
    directory: Path
    slots: threading.Semaphore
    minute_seconds: float
    closing: threading.Event
    gib_megabytes: float = GIB_MEGABYTES

    def start(self, build: Build, ended: Callable[[Build], None]) -> None:
        """Run ``build`` in a thread of its own and call ``ended`` afterwards."""
        BuildRun(self, build, ended).start()


class BuildRun:
    """One build on its way through the phases."""

    def __init__(self, workshop: Workshop, build: Build, ended: Callable[[Build], None]) -> None:
        self._shop, self._build, self._ended = workshop, build, ended
        self._root = workshop.directory / build.plan.project / build.uuid
        self._source = self._root / "src"
        self._spec = Buildspec(phases={})
        self._failed: PhaseError | None = None
        self._shell: Shell | None = None
        self._deadline = float("inf")

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"build-{self._build.uuid}", daemon=True).start()

    def _run(self) -> None:
        self._publish_state()
        self._log = BuildLog(
            self._shop.cloud.logs, self._build.log_group, self._build.uuid, self._shop.closing
        )
        # An error of the simulator itself must not leave a build running for ever.
        status = phases.FAULT
        try:
            self._through_phases()
            status = self._failed.status if self._failed else phases.SUCCEEDED
        finally:
            self._finish(status)

    def _through_phases(self) -> None:
        with self._phase("SUBMITTED"):
            pass
        with self._phase("QUEUED"):
            self._wait_for_slot()
        if self._failed:
            return
        try:
            self._deadline = time.time() + self._build.plan.timeout_minutes * self._shop.minute_seconds
            self._work()
        finally:
            self._shop.slots.release()

    def _wait_for_slot(self) -> None:
        while not self._shop.slots.acquire(timeout=0.2):
            if self._build.stop.is_set():
                raise CutShortError(phases.STOPPED)

    def _work(self) -> None:
        with self._phase("PROVISIONING"):
            self._provision()
        with self._phase("DOWNLOAD_SOURCE"):
            self._download()
        if not self._failed:
            self._run_commands()
        with self._phase("FINALIZING"):
            self._close_shell()

    @contextmanager
    def _phase(self, name: str) -> Iterator[Phase]:
        phase = Phase(name, time.time())
        with self._build.lock:
            self._build.phases.append(phase)
            self._build.current_phase = name
        try:
            yield phase
        except PhaseError as failure:
            self._end_phase(phase, failure)
        except CutShortError as interruption:
            self._end_phase(phase, _interrupted(interruption))
        else:
            self._end_phase(phase, None)

    def _end_phase(self, phase: Phase, failure: PhaseError | None) -> None:
        with self._build.lock:
            if failure:
                phase.end(time.time(), failure.status, failure.code, failure.message)
                self._failed = self._failed or failure
            else:
                phase.end(time.time(), phases.SUCCEEDED)
        self._note_phase(phase)
        self._shop.events.publish(build_events.phase_change(self._build, phase, time.time()))

    def _note_phase(self, phase: Phase) -> None:
        if phase.name in ("SUBMITTED", "QUEUED", "PROVISIONING", "FINALIZING"):
            return
        self._log.note(f"Phase complete: {phase.name} State: {phase.status}")
        for code, message in phase.contexts:
            self._log.note(f"Phase context status code: {code} Message: {message}")

    def _provision(self) -> None:
        for name in ("home", "tmp", "shell", "src"):
            (self._root / name).mkdir(parents=True)
        self._log.note("Waiting for DOWNLOAD_SOURCE")

    def _download(self) -> None:
        self._log.note("Phase is DOWNLOAD_SOURCE")
        plan = self._build.plan
        if plan.source["type"] != "NO_SOURCE":
            try:
                self._build.resolved_version = checkout(
                    plan.source["location"], plan.source_version, self._source
                )
            except SourceError as error:
                raise PhaseError("CLIENT_ERROR", str(error)) from error
        self._log.note(f"CODEBUILD_SRC_DIR={self._source}")
        try:
            self._spec = parse_buildspec(self._buildspec_text(plan.source.get("buildspec", "buildspec.yml")))
        except (BuildspecError, OSError, UnicodeDecodeError) as error:
            raise PhaseError("YAML_FILE_ERROR", f"YAML file cannot be used: {error}") from error
        for key in self._spec.ignored:
            self._log.note(f"Ignoring the key {key} of the buildspec: the simulator does not know it")

    def _buildspec_text(self, buildspec: str) -> str:
        if "\n" in buildspec or buildspec.lstrip().startswith("{"):
            return buildspec
        file = self._source / (buildspec or "buildspec.yml")
        self._log.note(f"YAML location is {file}")
        return file.read_text()

    def _run_commands(self) -> None:
        variables = build_variables(self._build, self._root, self._source, self._spec.variables)
        self._shell = shell = Shell(
            self._spec.shell, self._source, variables, self._root / "shell", self._log.line, self._build.stop
        )
        size = compute(self._build.plan.environment["computeType"], self._shop.gib_megabytes)
        meter = ResourceMeter(
            self._shop.cloud.cloudwatch, self._build, lambda: shell.pid, self._shop.closing, size
        )
        try:
            if self._command_phases(shell):
                with self._phase("UPLOAD_ARTIFACTS"):
                    self._build.exported = {
                        name: shell.value(name, self._deadline) for name in self._spec.exported
                    }
                    self._upload()
        finally:
            meter.close()

    def _command_phases(self, shell: Shell) -> bool:
        """Run the buildspec's phases; True when the build has come as far as uploading what it made."""
        for name in COMMAND_PHASES:
            spec = self._spec.phases.get(name.lower(), PhaseSpec())
            with self._phase(name) as phase:
                self._log.note(f"Entering phase {name}")
                if name == "INSTALL":
                    self._restore_cache()
                shell.set_variable("CODEBUILD_BUILD_SUCCEEDING", "0" if self._failed else "1")
                self._run_phase(shell, spec)
            if not _goes_on(name, phase, spec):
                return False
        return True

    def _run_phase(self, shell: Shell, spec: PhaseSpec) -> None:
        failure: PhaseError | None = None
        for commands in (spec.commands, spec.finally_commands):
            try:
                self._run_all(shell, commands)
            except PhaseError as error:
                failure = failure or error
        if failure:
            raise failure

    def _run_all(self, shell: Shell, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._log.note(f"Running command {command}")
            status = shell.run(command, self._deadline)
            if status != 0:
                self._log.note(f"Command did not exit successfully {command} exit status {status}")
                raise PhaseError(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {status}",
                )

    @property
    def _caching(self) -> bool:
        return self._build.plan.cache["type"] != "NO_CACHE" and bool(self._spec.cache_paths)

    def _restore_cache(self) -> None:
        if self._caching:
            found = self._shop.cache.restore(self._build.plan.project, self._source)
            self._log.note("Restored cache" if found else "Unable to download cache: there is none yet")

    def _upload(self) -> None:
        for group, spec in self._spec.reports.items():
            report = make_report(self._build, group, spec, self._source, time.time())
            if report is None:
                self._log.note(f"No matching report files found for report group {group}")
                continue
            self._shop.reports.add(report)
            self._build.report_arns.append(report.arn)
        if self._caching and not self._failed:
            count = self._shop.cache.save(self._build.plan.project, self._source, self._spec.cache_paths)
            self._log.note(f"Saved cache: {count} files")

    def _close_shell(self) -> None:
        if self._shell is not None:
            self._shell.close()

    def _finish(self, status: str) -> None:
        self._close_shell()
        self._log.close()
        shutil.rmtree(self._root, ignore_errors=True)
        try:
            self._end(status)
        finally:
            self._build.done.set()

    def _end(self, status: str) -> None:
        build = self._build
        # Whoever reads that it ended must read of its automatic retry too, and its event must be on its way.
        with build.lock:
            build.ended = time.time()
            for phase in build.phases:
                if phase.ended is None:
                    phase.end(
                        build.ended, phases.FAULT, "INTERNAL_ERROR", "The simulator failed; see its own log."
                    )
            build.phases.append(Phase("COMPLETED", build.ended))
            build.current_phase, build.status = "COMPLETED", status
            self._publish_state()
            self._ended(build)

    def _publish_state(self) -> None:
        self._shop.events.publish(build_events.state_change(self._build, time.time()))


def _interrupted(interruption: CutShortError) -> PhaseError:
    if interruption.reason == phases.STOPPED:
        return PhaseError("BUILD_STOPPED", "Build has been stopped.", phases.STOPPED)
    return PhaseError("BUILD_TIMED_OUT", "Build has timed out.", phases.TIMED_OUT)


def _goes_on(name: str, phase: Phase, spec: PhaseSpec) -> bool:
    """Whether the build goes on after a phase, as CodeBuild's table of transitions and on-failure say."""
    if phase.status == phases.SUCCEEDED:
        return True
    if phase.status != phases.FAILED:
        return False
    if spec.on_failure:
        return spec.on_failure == "CONTINUE"
    return name in ("BUILD", "POST_BUILD")
