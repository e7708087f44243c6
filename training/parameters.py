"""The parameters of the pipeline. Those without a default are given by train_baselines when it starts an execution."""

from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString

_TEXTS = {
    "ForestImage": "${ForestImage}",
    "ProcessingImage": "${ProcessingImage}",
    "Lake": "s3://${LakeBucket}/measurements",
    "Artifacts": "s3://${LakeBucket}/training",
    "Scratch": "s3://${LakeBucket}/training-data",
    "ModelPackageGroup": "${AWS::StackName}-forest",
    "Approval": "${ModelApproval}",
    "Budget": "${AlertBudget}",
    "MinSeconds": "${AnomalyMinSeconds}",
    "Code": None,
    "Until": None,
    "ProcessingInstance": "ml.m5.xlarge",
    "TrainingInstance": "ml.c5.xlarge",
    "TransformInstance": "ml.c5.xlarge",
}
_NUMBERS = {"Days": 90, "ProcessingVolume": 50, "Trees": 100, "SamplesPerTree": 256}

PARAMETERS: dict[str, ParameterString | ParameterInteger] = {
    **{name: ParameterString(name=name, default_value=value) for name, value in _TEXTS.items()},
    **{name: ParameterInteger(name=name, default_value=value) for name, value in _NUMBERS.items()},
}
