"""The operations of AWS CodeBuild."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

from local.devtools.builds import ACCOUNT, REGION, Build, BuildPlan, BuildStore, arn
from local.devtools.conditions import start_build_conditions
from local.devtools.errors import invalid_input, not_found
from local.devtools.operations import Caller, Operation, page
from local.devtools.phases import FAILED
from local.devtools.projects import Projects, plan_build
from local.devtools.reports import Report
from local.devtools.runner import Workshop
from local.devtools.wire import Json

PAGE = 100
BAD_TOKEN = "InvalidInputException"  # noqa: S105 - an error's name


class CodeBuild:
    """Projects and builds. ``clock`` gives the time that idempotency tokens live by."""

    def __init__(self, workshop: Workshop, clock: Callable[[], float]) -> None:
        self._shop = workshop
        self._projects = Projects(clock)
        self._builds = BuildStore(clock)
        self._closing = threading.Event()

    def operations(self) -> dict[str, Operation]:
        """The operations by name."""
        return {
            "CreateProject": Operation(self._create_project, _project_member("name")),
            "UpdateProject": Operation(self._update_project, _project_member("name")),
            "DeleteProject": Operation(self._delete_project, _project_member("name")),
            "BatchGetProjects": Operation(self._batch_get_projects, _project_members("names")),
            "ListProjects": Operation(self._list_projects, _anything),
            "StartBuild": Operation(
                self._start_build, _project_member("projectName"), start_build_conditions
            ),
            "RetryBuild": Operation(self._retry_build, _build_member),
            "StopBuild": Operation(self._stop_build, _build_member),
            "BatchGetBuilds": Operation(self._batch_get_builds, _build_members),
            "ListBuilds": Operation(self._list_builds, _anything),
            "ListBuildsForProject": Operation(self._list_builds, _project_member("projectName")),
            "InvalidateProjectCache": Operation(self._invalidate_cache, _project_member("projectName")),
            "BatchGetReports": Operation(
                self._batch_get_reports, lambda p: [_group_of(a) for a in p["reportArns"]]
            ),
            "ListReportsForReportGroup": Operation(self._list_reports, lambda p: [p["reportGroupArn"]]),
            "DescribeTestCases": Operation(self._describe_test_cases, lambda p: [_group_of(p["reportArn"])]),
        }

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a project."""
        found = self._projects.find([arn])
        return {tag["key"]: tag["value"] for tag in found[0]["tags"]} if found else {}

    def start(self, plan: BuildPlan, initiator: str) -> Build:
        """Start a build outside of any request, as a pipeline does."""
        return self._start(plan, initiator, None, {})

    def plan(self, params: Json) -> BuildPlan:
        """The plan of a StartBuild request."""
        return plan_build(self._projects.get(params["projectName"]), params)

    def stop(self, build_id: str) -> None:
        self._builds.get(build_id).stop.set()

    def close(self, seconds: float) -> None:
        """Stop all builds and wait up to ``seconds`` for each to end."""
        self._closing.set()
        running = list(self._builds.running())
        for build in running:
            build.stop.set()
        for build in running:
            build.done.wait(seconds)

    def _start(
        self, plan: BuildPlan, initiator: str, token: str | None, request: Json, previous: Build | None = None
    ) -> Build:
        if self._closing.is_set():
            raise invalid_input("The simulator is shutting down")

        def make(now: float) -> Build:
            build = Build(plan, str(uuid.uuid4()), initiator, now)
            if previous:
                build.auto_retry_number = previous.auto_retry_number + 1
                build.previous_auto_retry, previous.next_auto_retry = previous.arn, build.arn
            return build

        build, is_new = self._builds.add(make, token, request)
        if is_new:
            self._shop.start(build, self._build_ended)
        return build

    def _build_ended(self, build: Build) -> None:
        # CodeBuild offers no automatic retry to builds of a pipeline.
        alone = build.plan.source["type"] != "CODEPIPELINE"
        tries_left = alone and build.auto_retry_number < build.plan.auto_retry_limit
        if build.status == FAILED and tries_left and not self._closing.is_set():
            self._start(build.plan, build.initiator, None, {}, previous=build)

    def _start_build(self, params: Json, caller: Caller) -> Json:
        plan = self.plan(params)
        request = {"operation": "StartBuild", **params}
        return {"build": self._start(plan, caller.initiator, params.get("idempotencyToken"), request).wire()}

    def _retry_build(self, params: Json, caller: Caller) -> Json:
        if "id" not in params:
            raise invalid_input("id: the id of the build to retry is required")
        build = self._builds.get(params["id"])
        if build.plan.source["type"] == "CODEPIPELINE":
            raise invalid_input(
                f"Build {build.id} was started by a pipeline: retry the pipeline's stage instead"
            )
        token, request = params.get("idempotencyToken"), {"operation": "RetryBuild", **params}
        if not build.complete:
            raise invalid_input(f"Build {build.id} is still in progress and cannot be retried")
        return {"build": self._start(replace(build.plan), caller.initiator, token, request).wire()}

    def _stop_build(self, params: Json, caller: Caller) -> Json:
        build = self._builds.get(params["id"])
        if not build.complete:
            build.stop.set()
        return {"build": build.wire()}

    def _batch_get_builds(self, params: Json, caller: Caller) -> Json:
        found = {name: self._builds.find(name) for name in params["ids"]}
        return {
            "builds": [build.wire() for build in found.values() if build],
            "buildsNotFound": [name for name, build in found.items() if not build],
        }

    def _list_builds(self, params: Json, caller: Caller) -> Json:
        project = params.get("projectName")
        if project is not None:
            project = self._projects.get(project)["name"]
        ids = [build.id for build in self._builds.newest_first(project)]
        if params.get("sortOrder") == "ASCENDING":
            ids.reverse()
        shown, more = page(ids, params, PAGE, BAD_TOKEN)
        return {"ids": shown, **more}

    def _create_project(self, params: Json, caller: Caller) -> Json:
        return {"project": self._projects.create(params)}

    def _update_project(self, params: Json, caller: Caller) -> Json:
        return {"project": self._projects.update(params)}

    def _delete_project(self, params: Json, caller: Caller) -> Json:
        self._projects.delete(params["name"])
        self._shop.cache.drop(params["name"])
        return {}

    def _batch_get_projects(self, params: Json, caller: Caller) -> Json:
        found = self._projects.find(params["names"])
        known = {project[member] for project in found for member in ("name", "arn")}
        return {
            "projects": found,
            "projectsNotFound": [name for name in params["names"] if name not in known],
        }

    def _list_projects(self, params: Json, caller: Caller) -> Json:
        names = self._projects.names()
        if params.get("sortOrder") == "DESCENDING":
            names.reverse()
        shown, more = page(names, params, PAGE, BAD_TOKEN)
        return {"projects": shown, **more}

    def _invalidate_cache(self, params: Json, caller: Caller) -> Json:
        self._shop.cache.drop(self._projects.get(params["projectName"])["name"])
        return {}

    def _batch_get_reports(self, params: Json, caller: Caller) -> Json:
        found = {name: self._shop.reports.find(name) for name in params["reportArns"]}
        return {
            "reports": [report.wire() for report in found.values() if report],
            "reportsNotFound": [name for name, report in found.items() if not report],
        }

    def _list_reports(self, params: Json, caller: Caller) -> Json:
        arns = [report.arn for report in self._shop.reports.of_group(params["reportGroupArn"])]
        shown, more = page(arns, params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"reports": shown, **more}

    def _describe_test_cases(self, params: Json, caller: Caller) -> Json:
        report = self._shop.reports.find(params["reportArn"])
        if report is None:
            raise not_found(f"Report not found: {params['reportArn']}")
        cases = _matching(report, params.get("filter", {}))
        shown, more = page(cases, params, params.get("maxResults", PAGE), BAD_TOKEN)
        return {"testCases": shown, **more}


def _matching(report: Report, wanted: Json) -> list[Json]:
    status, keyword = wanted.get("status"), wanted.get("keyword", "")
    return [
        report.wire_case(case)
        for case in report.cases
        if status in (None, case.status) and (keyword in case.name or keyword in case.prefix)
    ]


def _project_arn(name: str) -> str:
    return arn("project", name.removeprefix(arn("project", "")))


def _project_of_build(build_id: str) -> str:
    return _project_arn(build_id.removeprefix(arn("build", "")).partition(":")[0])


def _project_member(member: str) -> Callable[[Json], list[str]]:
    return lambda params: [_project_arn(params[member])]


def _project_members(member: str) -> Callable[[Json], list[str]]:
    return lambda params: [_project_arn(name) for name in params[member]]


def _build_member(params: Json) -> list[str]:
    return [_project_of_build(params.get("id", ""))]


def _build_members(params: Json) -> list[str]:
    return [_project_of_build(build_id) for build_id in params["ids"]]


def _group_of(report_arn: str) -> str:
    return report_arn.replace(":report/", ":report-group/").rpartition(":")[0]


def _anything(_: Json) -> list[str]:
    return [f"arn:aws:codebuild:{REGION}:{ACCOUNT}:*"]
