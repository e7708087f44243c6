"""SNS: telling people."""

from selfheal.adapters.calls import Client, calling

SUBJECT_LIMIT = 100
TEXT_LIMIT = 256 * 1024
CUT = "\n[cut here: the message was longer than a notification may be]"


class SnsNotifier:
    """Notifier. Needs sns:Publish on the topic."""

    def __init__(self, client: Client, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def send(self, subject: str, text: str) -> None:
        """Notifier. Subject and text are made to fit what SNS takes."""
        with calling("sns:Publish"):
            self._client.publish(
                TopicArn=self._topic_arn, Subject=fit_subject(subject), Message=fit_text(text)
            )


def fit_subject(subject: str) -> str:
    """SNS takes one line of at most 100 printable ASCII characters."""
    printable = "".join(c if c.isprintable() else " " for c in subject)
    line = " ".join(printable.encode("ascii", "replace").decode().split()) or "Selfheal"
    return line if len(line) <= SUBJECT_LIMIT else f"{line[: SUBJECT_LIMIT - 3]}..."


def fit_text(text: str) -> str:
    """SNS takes at most 256 KiB of UTF-8."""
    raw = text.encode()
    if len(raw) <= TEXT_LIMIT:
        return text
    return raw[: TEXT_LIMIT - len(CUT)].decode(errors="ignore") + CUT
