"""Step Functions: resuming waiting executions."""

import json
from collections.abc import Mapping

from botocore.exceptions import ClientError

from selfheal.adapters.calls import Client, calling, error_code

_NOT_WAITING = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StepFunctionsResumer:
    """Resumer. Needs states:SendTaskSuccess."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def resume(self, token: str, output: Mapping[str, object]) -> bool:
        """Resumer."""
        with calling("states:SendTaskSuccess"):
            try:
                self._client.send_task_success(taskToken=token, output=json.dumps(output))
            except ClientError as error:
                if error_code(error) in _NOT_WAITING:
                    return False
                raise
        return True
