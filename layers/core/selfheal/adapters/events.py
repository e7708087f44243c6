"""EventBridge: the selfheal bus."""

import json
from collections.abc import Mapping

from selfheal.adapters.calls import Client, calling
from selfheal.domain.errors import ServiceUnavailable

SOURCE = "selfheal"


class EventBridgeBus:
    """EventBus. Needs events:PutEvents on the bus."""

    def __init__(self, client: Client, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """EventBus."""
        entry = {
            "Source": SOURCE,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "EventBusName": self._bus,
        }
        with calling("events:PutEvents"):
            reply = self._client.put_events(Entries=[entry])
        # The call as a whole succeeds even when the bus did not take the event.
        if reply["FailedEntryCount"]:
            raise ServiceUnavailable(f"events:PutEvents: {reply['Entries'][0].get('ErrorCode', 'not taken')}")
