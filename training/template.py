"""Where the pipeline's definition stands in template.yaml: as text whose variables CloudFormation replaces."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
DEFINITION = HERE / "definition.json"
TEMPLATE = HERE.parent / "template.yaml"
ALGORITHM = "randomcutforest"
# The newest image of AWS for processing whose Python (3.12) runs this code.
PROCESSING_IMAGE = ("sklearn", "1.4-2-py312")
# Every Region of the commercial, the Chinese and the US government partitions that has both images.
REGIONS = (
    *(
        "af-south-1",
        "ap-east-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
    ),
    *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1", "ca-west-1"),
    *(
        "cn-north-1",
        "cn-northwest-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
    ),
    *("eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"),
)
_BODY = re.compile(r"(          - )'.*' # made by `make training-definition`")
_REGISTRIES = re.compile(r"(  ImageRegistries: # made by `make training-definition`\n)((?:    .*\n)+)")


def with_definition(template: str, definition: str, registries: Mapping[str, Mapping[str, str]]) -> str:
    """The template with that definition and those registries in the places that are marked for them."""
    compact = json.dumps(json.loads(definition), sort_keys=True, separators=(",", ":"))
    quoted = compact.replace("'", "''")
    table = "".join(
        f'    {region}: {{Forest: "{found["Forest"]}", Processing: "{found["Processing"]}"}}\n'
        for region, found in sorted(registries.items())
    )
    template = _BODY.sub(lambda match: f"{match[1]}'{quoted}' # made by `make training-definition`", template)
    return _REGISTRIES.sub(lambda match: match[1] + table, template)
