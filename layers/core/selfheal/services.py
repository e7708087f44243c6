"""The third of the composition root that hands out the developer tools: what reads runs, their numbers and their logs,
and what remedies work with."""

from functools import cached_property

from selfheal.harm_ports import AlarmReader
from selfheal.measure_ports import BuildMetrics, DeploymentSteps, LogSizes
from selfheal.ports import FinishedRuns, LogReader, RunReader, TestReports
from selfheal.remedy_ports import Stages, Tools
from selfheal.steps.alarm_check import AlarmCheck
from selfheal.steps.measure_run import Gauges
from selfheal.stores import Stores


class Services(Stores):
    """Every service that runs are read from, built when it is first asked for and kept for the next invocation."""

    @cached_property
    def reader(self) -> RunReader:
        """Reads runs of all three services."""
        from selfheal.adapters.codebuild import CodeBuildReader
        from selfheal.adapters.codedeploy import CodeDeployReader
        from selfheal.adapters.codepipeline import CodePipelineReader
        from selfheal.adapters.readers import ServiceReader

        return ServiceReader(
            lambda: CodeBuildReader(self._clients("codebuild")),
            lambda: CodePipelineReader(self._clients("codepipeline")),
            lambda: CodeDeployReader(self._clients("codedeploy")),
        )

    @property
    def secrets(self) -> list[str]:
        """What must not show in a log: secrets of the runs that were read last."""
        from selfheal.adapters.readers import ServiceReader

        reader = vars(self).get("reader")
        return reader.secrets if isinstance(reader, ServiceReader) else []

    @cached_property
    def reports(self) -> TestReports:
        """Reads test reports."""
        from selfheal.adapters.codebuild import CodeBuildReports

        return CodeBuildReports(self._clients("codebuild"))

    @cached_property
    def stages(self) -> Stages:
        """What can be asked of CodePipeline's stages, and done to them by who may."""
        from selfheal.adapters.stage_actions import CodePipelineStages

        return CodePipelineStages(self._clients("codepipeline"))

    @cached_property
    def tools(self) -> Tools:
        """What remedies work with."""
        from selfheal.adapters.automation import AutomationRunbooks
        from selfheal.adapters.build_actions import CodeBuildBuilds
        from selfheal.adapters.deployment_actions import CodeDeployDeployments

        return Tools(
            CodeBuildBuilds(self._clients("codebuild")),
            self.stages,
            CodeDeployDeployments(self._clients("codedeploy")),
            AutomationRunbooks(self._clients("ssm")),
        )

    @cached_property
    def metrics(self) -> BuildMetrics:
        """Reads CPU and memory of builds."""
        from selfheal.adapters.cloudwatch import CloudWatchBuildMetrics

        return CloudWatchBuildMetrics(self._clients("cloudwatch"), self.clock)

    @cached_property
    def alarm_reader(self) -> AlarmReader:
        """Reads CloudWatch alarms."""
        from selfheal.adapters.cloudwatch_alarms import CloudWatchAlarms

        return CloudWatchAlarms(self._clients("cloudwatch"))

    @property
    def alarm_check(self) -> AlarmCheck:
        """Says whether the harm of a deployment is over."""
        return AlarmCheck(self.harms, self.alarm_reader, self.runs)

    @cached_property
    def log_sizes(self) -> LogSizes:
        """Says how large build logs are."""
        from selfheal.adapters.log_sizes import CloudWatchLogSizes

        return CloudWatchLogSizes(self._clients("logs"))

    @cached_property
    def deployment_steps(self) -> DeploymentSteps:
        """Says how long the steps of deployments took."""
        from selfheal.adapters.deployment_steps import CodeDeploySteps

        return CodeDeploySteps(self._clients("codedeploy"))

    @property
    def gauges(self) -> Gauges:
        """Where the numbers of a run come from."""
        return Gauges(self.reports, self.metrics, self.log_sizes, self.deployment_steps)

    @cached_property
    def logs(self) -> LogReader:
        """Reads build logs."""
        from selfheal.adapters.logs import CloudWatchLogReader
        from selfheal.adapters.readers import PlaceLogReader
        from selfheal.adapters.s3_logs import S3LogReader

        return PlaceLogReader(
            lambda: CloudWatchLogReader(self._clients("logs")), lambda: S3LogReader(self._clients("s3"))
        )

    @cached_property
    def finished(self) -> FinishedRuns:
        """Lists finished runs."""
        from selfheal.adapters.history import ServiceHistory

        clients = self._clients
        return ServiceHistory(clients("codebuild"), clients("codepipeline"), clients("codedeploy"))
