"""The SageMaker Pipeline, made with the SageMaker SDK: `make training-definition` writes its definition as JSON.

Nothing is called: no credentials, no network. What differs from stack to stack is a parameter whose default is a
variable of template.yaml (`${LakeBucket}`), which CloudFormation replaces when it deploys the definition.
"""

import json
from collections.abc import Mapping
from typing import Any

from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    S3DataSource,
)
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition
from sagemaker.train.model_trainer import ModelTrainer

from selfheal.detect.features import FEATURES
from training.parameters import PARAMETERS

# The SDK takes nothing but an ARN for a role, so this one stands in for the variable of the template.
ROLE, ROLE_VARIABLE = "arn:aws:iam::000000000000:role/stands-in", "${TrainingRole.Arn}"
TAGS = [{"Key": "application", "Value": "selfheal"}]
PROCESSING = "/opt/ml/processing"
SCRATCH = ("train", "sets")
# Within a day the same question gets the same answer: a training that failed halfway goes on where it stopped.
CACHE = CacheConfig(enable_caching=True, expire_after="P1D")
HOUR = 3600
RETRIES = [
    StepRetryPolicy(
        exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
        interval_seconds=10,
        max_attempts=5,
    ),
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
        failure_reason_types=[
            SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
            SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
        ],
        interval_seconds=120,
        max_attempts=3,
    ),
]
SERVICE_RETRIES = RETRIES[:1]


def pipeline(session: PipelineSession) -> Pipeline:
    """Processing, training, a batch job that scores, evaluation, condition, registration."""
    prepared = _prepared(session)
    trained = _trained(session, prepared)
    created, scored = _scored(session, trained, prepared)
    evaluated, evaluation = _evaluated(session, prepared, scored)
    places = {
        "thresholds": _output(evaluated, "thresholds"),
        "rows": _output(prepared, "rows"),
        "scores": scored.properties.TransformOutput.S3OutputPath,
        "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
    }
    registered = _registered(session, trained, evaluated, places)
    wanted = [_at_least_zero(evaluated, evaluation, name) for name in ("spare_alarms", "precision_gain")]
    decision = ConditionStep(
        name="IsGoodEnough",
        conditions=wanted,
        if_steps=[registered],
        else_steps=[_refused(evaluated, evaluation)],
    )
    return Pipeline(
        name="selfheal-training",
        parameters=list(PARAMETERS.values()),
        steps=[prepared, trained, created, scored, evaluated, decision],
        sagemaker_session=session,
    )


def definition(session: PipelineSession) -> str:
    """The definition as JSON with sorted keys."""
    made = json.loads(pipeline(session).definition().replace(ROLE, ROLE_VARIABLE))
    made.pop("MlflowConfig", None)  # null, for there is none
    return json.dumps(made, sort_keys=True, indent=1) + "\n"


def _processor(session: PipelineSession, job: str) -> Processor:
    return Processor(
        role=ROLE,
        image_uri=PARAMETERS["ProcessingImage"],
        instance_count=1,
        instance_type=PARAMETERS["ProcessingInstance"],
        volume_size_in_gb=PARAMETERS["ProcessingVolume"],
        entrypoint=["python3", f"{PROCESSING}/input/code/training.pyz", job],
        max_runtime_in_seconds=6 * HOUR,
        network_config=NetworkConfig(enable_network_isolation=True),
        sagemaker_session=session,
        tags=TAGS,
    )


def _prepared(session: PipelineSession) -> ProcessingStep:
    arguments = [
        *("--until", PARAMETERS["Until"]),
        *("--days", PARAMETERS["Days"].to_string()),
        *("--min-seconds", PARAMETERS["MinSeconds"]),
        *("--budget", PARAMETERS["Budget"]),
    ]
    inputs = {"code": PARAMETERS["Code"], "lake": PARAMETERS["Lake"]}
    made = _processor(session, "prepare").run(
        inputs=_inputs(inputs), outputs=_outputs("train", "sets", "rows", "report"), arguments=arguments
    )
    return ProcessingStep("PrepareData", step_args=made, cache_config=CACHE, retry_policies=RETRIES)


def _trained(session: PipelineSession, prepared: ProcessingStep) -> TrainingStep:
    trainer = ModelTrainer(
        sagemaker_session=session,
        role=ROLE,
        base_job_name="selfheal-forest",
        training_image=PARAMETERS["ForestImage"],
        compute=Compute(instance_type=PARAMETERS["TrainingInstance"], instance_count=1, volume_size_in_gb=30),
        networking=Networking(enable_network_isolation=True, enable_inter_container_traffic_encryption=True),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=6 * HOUR),
        output_data_config=OutputDataConfig(s3_output_path=_folder("model")),
        hyperparameters={
            "feature_dim": str(len(FEATURES)),
            "num_trees": PARAMETERS["Trees"].to_string(),
            "num_samples_per_tree": PARAMETERS["SamplesPerTree"].to_string(),
        },
        tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in TAGS],
    )
    # The algorithm takes this channel in no other distribution, be there one instance or several.
    source = S3DataSource(
        s3_data_type="S3Prefix",
        s3_uri=_output(prepared, "train"),
        s3_data_distribution_type="ShardedByS3Key",
    )
    channel = InputData(channel_name="train", data_source=source, content_type="text/csv;label_size=0")
    return TrainingStep(
        "TrainForest",
        step_args=trainer.train(input_data_config=[channel]),
        cache_config=CACHE,
        retry_policies=RETRIES,
    )


def _builder(session: PipelineSession, trained: TrainingStep) -> ModelBuilder:
    return ModelBuilder(
        s3_model_data_url=trained.properties.ModelArtifacts.S3ModelArtifacts,
        image_uri=PARAMETERS["ForestImage"],
        role_arn=ROLE,
        sagemaker_session=session,
        network=Networking(enable_network_isolation=True),
        dependencies={},
    )


def _scored(
    session: PipelineSession, trained: TrainingStep, prepared: ProcessingStep
) -> tuple[ModelStep, TransformStep]:
    created = ModelStep("Model", step_args=_builder(session, trained).build(), retry_policies=SERVICE_RETRIES)
    transformer = Transformer(
        model_name=created.properties.ModelName,
        instance_count=1,
        instance_type=PARAMETERS["TransformInstance"],
        strategy="MultiRecord",
        assemble_with="Line",
        accept="application/jsonlines",
        output_path=_folder("scores"),
        sagemaker_session=session,
        tags=TAGS,
    )
    asked = transformer.transform(data=_output(prepared, "sets"), content_type="text/csv", split_type="Line")
    return created, TransformStep("ScoreSets", step_args=asked, cache_config=CACHE, retry_policies=RETRIES)


def _evaluated(
    session: PipelineSession, prepared: ProcessingStep, scored: TransformStep
) -> tuple[ProcessingStep, PropertyFile]:
    inputs = {
        "code": PARAMETERS["Code"],
        "rows": _output(prepared, "rows"),
        "report": _output(prepared, "report"),
        "scores": scored.properties.TransformOutput.S3OutputPath,
    }
    made = _processor(session, "evaluate").run(
        inputs=_inputs(inputs),
        outputs=_outputs("thresholds", "evaluation"),
        arguments=["--until", PARAMETERS["Until"], "--budget", PARAMETERS["Budget"]],
    )
    evaluation = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    step = ProcessingStep(
        "Evaluate",
        step_args=made,
        property_files=[evaluation],
        cache_config=CACHE,
        retry_policies=RETRIES,
    )
    return step, evaluation


def _registered(
    session: PipelineSession, trained: TrainingStep, evaluated: ProcessingStep, places: Mapping[str, Any]
) -> ModelStep:
    """What promote_model needs is named in the package's own metadata; the metrics are for people and dashboards."""
    metrics = ModelMetrics(model_statistics=_json(evaluated, "evaluation", "evaluation.json"))
    registered = _builder(session, trained).register(
        model_package_group_name=PARAMETERS["ModelPackageGroup"],
        content_types=["text/csv", "application/json"],
        response_types=["application/json", "application/jsonlines"],
        inference_instances=["ml.c5.large", "ml.c5.xlarge", "ml.m5.large", "ml.m5.xlarge"],
        transform_instances=["ml.c5.xlarge", "ml.m5.xlarge"],
        model_metrics=metrics,
        approval_status=PARAMETERS["Approval"],
        description="Random Cut Forest over the runs of all pipelines",
        customer_metadata_properties=dict(places),
    )
    return ModelStep("Forest", step_args=registered, retry_policies=SERVICE_RETRIES)


def _refused(evaluated: ProcessingStep, evaluation: PropertyFile) -> FailStep:
    said = [
        "The model is not registered: spare alarms ",
        JsonGet(step_name=evaluated.name, property_file=evaluation, json_path="spare_alarms"),
        ", precision gained over median and MAD ",
        JsonGet(step_name=evaluated.name, property_file=evaluation, json_path="precision_gain"),
        "; neither may be negative.",
    ]
    return FailStep("Refuse", error_message=Join(on="", values=said))


def _at_least_zero(
    evaluated: ProcessingStep, evaluation: PropertyFile, name: str
) -> ConditionGreaterThanOrEqualTo:
    found = JsonGet(step_name=evaluated.name, property_file=evaluation, json_path=name)
    return ConditionGreaterThanOrEqualTo(left=found, right=0)


def _folder(name: str) -> Join:
    """Where one execution puts what it makes; what is large and of no use afterwards lies where it expires."""
    root = PARAMETERS["Scratch" if name in SCRATCH else "Artifacts"]
    return Join(on="/", values=[root, ExecutionVariables.PIPELINE_EXECUTION_ID, name])


def _inputs(places: Mapping[str, Any]) -> list[ProcessingInput]:
    return [
        ProcessingInput(
            input_name=name,
            s3_input=ProcessingS3Input(
                s3_uri=place,
                s3_data_type="S3Prefix",
                local_path=f"{PROCESSING}/input/{name}",
                s3_input_mode="File",
                s3_data_distribution_type="FullyReplicated",
            ),
        )
        for name, place in places.items()
    ]


def _outputs(*names: str) -> list[ProcessingOutput]:
    return [
        ProcessingOutput(
            output_name=name,
            s3_output=ProcessingS3Output(
                s3_uri=_folder(name), local_path=f"{PROCESSING}/output/{name}", s3_upload_mode="EndOfJob"
            ),
        )
        for name in names
    ]


def _output(step: ProcessingStep, name: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _json(step: ProcessingStep, output: str, name: str) -> MetricsSource:
    uri = Join(on="/", values=[_output(step, output), name])
    return MetricsSource(content_type="application/json", s3_uri=uri)
