"""Writes the pipeline's definition where template.yaml and the tests read it. Needs .venv-training, nothing else.

Everything that the SDK would ask AWS for is settled here: no role is looked up, no metadata service, no telemetry.
"""

import os
import sys

os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",  # the SDK wants one; no step depends on it
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "SAGEMAKER_VALIDATE_ROLE": "false",
    "SAGEMAKER_TELEMETRY_OPT_OUT": "true",
}

from sagemaker.core.image_uris import retrieve
from sagemaker.core.workflow.pipeline_context import PipelineSession

from training.pipeline import definition
from training.template import ALGORITHM, DEFINITION, PROCESSING_IMAGE, REGIONS, TEMPLATE, with_definition


def main() -> int:
    """Print the definition, or with --write put it, with the images' registries, where it belongs."""
    text = definition(PipelineSession(default_bucket="unused"))
    if "--write" in sys.argv:
        DEFINITION.write_text(text)
        TEMPLATE.write_text(with_definition(TEMPLATE.read_text(), text, registries()))
    else:
        print(text, end="")
    return 0


def registries() -> dict[str, dict[str, str]]:
    """For each Region, the accounts in which AWS publishes the images."""
    name, version = PROCESSING_IMAGE
    return {
        region: {
            "Forest": retrieve(ALGORITHM, region).partition(".")[0],
            "Processing": retrieve(name, region, version=version, instance_type="ml.m5.xlarge").partition(
                "."
            )[0],
        }
        for region in REGIONS
    }


if __name__ == "__main__":
    sys.exit(main())
