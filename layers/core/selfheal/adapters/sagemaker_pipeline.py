"""SageMaker: starting the pipeline that trains the hosted forest, with the code of its jobs."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code, pages

# Not where the jobs write: what a job runs must be nothing that a job can change.
CODE = "training-code/"
# Another one wrote the same bytes first.
_WRITTEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
MOST_WORDS = 500


class SageMakerPipeline:
    """TrainingPipeline. Needs sagemaker:StartPipelineExecution on the pipeline, ListPipelineExecutionSteps on its
    executions, and s3:PutObject on ``training-code/*``."""

    def __init__(
        self, client: Client, s3: Client, bucket: str, pipeline: str, code: Callable[[], bytes]
    ) -> None:
        self._client, self._s3, self._bucket = client, s3, bucket
        self._pipeline, self._code = pipeline, code

    def start(self, until: datetime) -> str:
        """TrainingPipeline. The code lies under its own hash: what an execution ran can be seen afterwards."""
        given = {"Until": until.isoformat(), "Code": self._placed(self._code())}
        token = hashlib.sha256(f"{self._pipeline}:{given}".encode()).hexdigest()
        with calling("sagemaker:StartPipelineExecution"):
            started = self._client.start_pipeline_execution(
                PipelineName=self._pipeline,
                PipelineExecutionDisplayName=f"{until:%Y%m%dT%H%M%SZ}",
                PipelineParameters=[{"Name": name, "Value": value} for name, value in given.items()],
                ClientRequestToken=token,
            )
        return str(started["PipelineExecutionArn"])

    def why_failed(self, execution: str) -> str:
        """TrainingPipeline."""
        operation = "sagemaker:ListPipelineExecutionSteps"
        for page in pages(
            self._client, "list_pipeline_execution_steps", operation, PipelineExecutionArn=execution
        ):
            for step in page.get("PipelineExecutionSteps", []):
                if step.get("StepStatus") == "Failed":
                    return f"{step['StepName']}: {step.get('FailureReason', '')}"[:MOST_WORDS]
        return ""

    def _placed(self, code: bytes) -> str:
        folder = f"{CODE}{hashlib.sha256(code).hexdigest()[:32]}/"
        with calling("s3:PutObject"):
            try:
                self._s3.put_object(
                    Bucket=self._bucket, Key=f"{folder}training.pyz", Body=code, IfNoneMatch="*"
                )
            except ClientError as error:
                if error_code(error) not in _WRITTEN:
                    raise
        return f"s3://{self._bucket}/{folder}"
