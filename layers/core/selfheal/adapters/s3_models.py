"""S3: the versions of the global model, and the pointer to the one that serves.

| object | what |
| --- | --- |
| models/<version>/model.bin | the artifact |
| models/<version>/metadata.json | its ModelRecord, written last: a version is there once this is |
| models/champion.json | which versions served, the last of them now; replaced by conditional writes only |

Of the hosted forest the same lies under hosted-models/; its artifacts hold thresholds alone (detect/hosted.py).
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code, pages
from selfheal.domain.errors import InvalidEvent, ModelNotFound, RunNotFound
from selfheal.domain.model import Champion, ModelRecord, require_version
from selfheal.wire import decode, encode

FOLDER = "models/"
HOSTED = "hosted-models/"
POINTER = "champion.json"
METADATA = "/metadata.json"

_GONE = {"NoSuchKey": "gone", "404": "gone"}
# 412: it is not what was read; 409: another conditional write is under way; 404: it was there and no longer is.
_MOVED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class S3Models:
    """ModelStore. Needs s3:GetObject (and PutObject to write) on ``models/*``, and s3:ListBucket on the bucket:
    without it S3 calls what is missing forbidden."""

    def __init__(self, client: Client, bucket: str, folder: str = FOLDER) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder

    def put(self, record: ModelRecord, artifact: bytes) -> None:
        """ModelStore."""
        self._write(f"{self._folder}{record.version}/model.bin", artifact, IfNoneMatch="*")
        self._write(f"{self._folder}{record.version}{METADATA}", _json(encode(record)), IfNoneMatch="*")

    def artifact(self, version: str) -> bytes:
        """ModelStore. Raises InvalidEvent for what cannot be a version."""
        require_version(version)
        found = self._read(f"{self._folder}{version}/model.bin")
        if found is None:
            raise _missing(version)
        return found[0]

    def record(self, version: str) -> ModelRecord:
        """ModelStore. Raises InvalidEvent for what cannot be a version, and for metadata that is no metadata."""
        require_version(version)
        found = self._read(f"{self._folder}{version}{METADATA}")
        if found is None:
            raise _missing(version)
        return decode(ModelRecord, _parsed(found[0]))

    def newest(self, limit: int) -> list[ModelRecord]:
        """ModelStore. A version whose metadata cannot be read is left out: nothing can be said of it."""
        entries = [
            entry
            for page in pages(
                self._client, "list_objects_v2", "s3:ListBucket", Bucket=self._bucket, Prefix=self._folder
            )
            for entry in page.get("Contents", [])
            if entry["Key"].endswith(METADATA)
        ]
        entries.sort(key=lambda entry: (entry["LastModified"], entry["Key"]), reverse=True)
        records = [record for entry in entries[:limit] if (record := self._readable(entry["Key"]))]
        return sorted(records, key=lambda record: record.trained_at, reverse=True)

    def champion(self) -> Champion:
        """ModelStore."""
        found = self._read(self._pointer)
        if found is None:
            return Champion()
        body, tag = found
        pointer = _parsed(body)
        served, moving = pointer.get("served"), pointer.get("moving", "")
        if not isinstance(served, list) or not all(isinstance(version, str) for version in served):
            return Champion(
                (), tag, f"{self._pointer} holds no list of versions; `selfheal model promote` mends it"
            )
        return Champion(tuple(served), tag, moving=str(moving))

    def switch(self, champion: Champion) -> bool:
        """ModelStore."""
        condition = {"IfMatch": champion.tag} if champion.tag else {"IfNoneMatch": "*"}
        pointer: dict[str, object] = {"served": list(champion.served)}
        if champion.moving:
            pointer["moving"] = champion.moving
        return self._write(self._pointer, _json(pointer), **condition)

    @property
    def _pointer(self) -> str:
        return f"{self._folder}{POINTER}"

    def _readable(self, key: str) -> ModelRecord | None:
        found = self._read(key)
        try:
            return decode(ModelRecord, _parsed(found[0])) if found else None
        except InvalidEvent:
            return None

    def _read(self, key: str) -> tuple[bytes, str] | None:
        """An object and its tag; None when there is none."""
        try:
            with calling("s3:GetObject", gone=_GONE):
                reply = self._client.get_object(Bucket=self._bucket, Key=key)
                return reply["Body"].read(), reply["ETag"]
        except RunNotFound:
            return None

    def _write(self, key: str, body: bytes, **condition: str) -> bool:
        """Whether the condition held and the object was written."""
        with calling("s3:PutObject"):
            try:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)
            except ClientError as error:
                if error_code(error) in _MOVED:
                    return False
                raise
        return True


def _missing(version: str) -> ModelNotFound:
    return ModelNotFound(f"version: there is no model {version!r}; `selfheal model list` shows them all")


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1).encode()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
