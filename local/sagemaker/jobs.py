"""Jobs: what a step of the pipeline has done. Processing is real, training and scoring have a stand-in."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.sagemaker.errors import Refused
from local.sagemaker.forest import LoadedForest, trained

ROOT = "/opt/ml"


class Storage:
    """Objects in S3 by their address."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def names(self, uri: str) -> list[str]:
        """The addresses of all objects that begin with ``uri``."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", [])]

    def read(self, uri: str) -> bytes:
        """One object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def write(self, uri: str, body: bytes) -> None:
        """One object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def download(self, uri: str, folder: Path) -> None:
        """Everything under ``uri``, as SageMaker lays it out. Raises Refused when there is nothing."""
        names = self.names(uri)
        if not names:
            raise Refused(f"No S3 objects found under S3 URL {uri}")
        for name in names:
            path = folder / name.removeprefix(uri).lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(name))

    def upload(self, folder: Path, uri: str) -> None:
        """Everything in a folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.write(f"{uri}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def process(storage: Storage, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run a processing job in a folder of its own, in an interpreter that finds nothing but what the job brings.

    Raises Refused with the job's exit message."""
    with tempfile.TemporaryDirectory() as place:
        for given in asked["ProcessingInputs"]:
            storage.download(given["S3Input"]["S3Uri"], _local(place, given["S3Input"]["LocalPath"]))
        outputs = [made["S3Output"] for made in asked["ProcessingOutputConfig"]["Outputs"]]
        for output in outputs:
            _local(place, output["LocalPath"]).mkdir(parents=True)
        called = asked["AppSpecification"]
        command = [str(part).replace(ROOT, place) for part in called["ContainerEntrypoint"][1:]]
        done = subprocess.run(  # noqa: S603 - the bundle of this checkout
            [sys.executable, "-I", "-S", *command, *called["ContainerArguments"]],
            env={"SELFHEAL_ML_ROOT": place, "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        for output in outputs:
            storage.upload(_local(place, output["LocalPath"]), output["S3Uri"])
        if done.returncode:
            message = Path(place, "output/message")
            why = message.read_text() if message.exists() else done.stderr[-500:]
            raise Refused(f"AlgorithmError: exit code {done.returncode}. {why}")
    names = [made["OutputName"] for made in asked["ProcessingOutputConfig"]["Outputs"]]
    return {"outputs": dict(zip(names, (output["S3Uri"] for output in outputs), strict=True))}


def train(storage: Storage, asked: Mapping[str, Any], job: str) -> dict[str, Any]:
    """Train the stand-in; gives the address of its artifact. Raises Refused."""
    [channel] = asked["InputDataConfig"]
    if channel["ContentType"] != "text/csv;label_size=0":
        raise Refused(f"ContentType {channel['ContentType']} has labels or is unknown")
    given = channel["DataSource"]["S3DataSource"]
    if given.get("S3DataDistributionType") != "ShardedByS3Key":
        raise Refused("the channel train only supports S3DataDistributionType=ShardedByS3Key")
    with tempfile.TemporaryDirectory() as place:
        storage.download(given["S3Uri"], Path(place))
        artifact = trained(Path(place), asked["HyperParameters"])
    uri = f"{asked['OutputDataConfig']['S3OutputPath']}/{job}/output/model.tar.gz"
    storage.write(uri, artifact)
    return {"ModelArtifacts.S3ModelArtifacts": uri}


def transform(storage: Storage, asked: Mapping[str, Any], forest: LoadedForest) -> dict[str, Any]:
    """Score every object under the input, line by line; gives the address of the answers."""
    given, wanted = asked["TransformInput"], asked["TransformOutput"]
    source = given["DataSource"]["S3DataSource"]["S3Uri"]
    for name in storage.names(source):
        answer = forest.answer(storage.read(name), given["ContentType"], wanted["Accept"])
        storage.write(f"{wanted['S3OutputPath']}/{name.rsplit('/', 1)[1]}.out", answer)
    return {"TransformOutput.S3OutputPath": wanted["S3OutputPath"]}


def property_file(storage: Storage, uri: str, name: str) -> Any:
    """A file that conditions are read from."""
    return json.loads(storage.read(f"{uri}/{name}"))


def _local(place: str, path: str) -> Path:
    return Path(path.replace(ROOT, place))
