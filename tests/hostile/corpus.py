"""The corpus of hostile text, ready to be used: every payload with the secret of the build put in."""

import base64
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# Made up for these tests: long, random-looking, with characters that encodings change.
SECRET = "kx7/Qm+29vZr=TbW4hLcN8pYd6sJf3aG"
PLACES = ("log", "test", "branch", "commit")


@dataclass(frozen=True, slots=True)
class Payload:
    """One text, how it attacks, and where it stands."""

    id: str
    technique: str
    place: str
    text: str


def corpus(place: str = "") -> list[Payload]:
    """All payloads, or those of one place."""
    document = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text("utf-8"))
    found = [Payload(**{**entry, "text": _filled(entry["text"])}) for entry in document["payload"]]
    return [payload for payload in found if place in ("", payload.place)]


def forms_of_the_secret() -> list[str]:
    """What must not be found in anything that leaves, the last one being what is left after seven characters."""
    return list(_FORMS.values())


_FORMS = {
    "{secret}": SECRET,
    "{secret_base64}": base64.b64encode(SECRET.encode()).decode(),
    "{secret_hex}": SECRET.encode().hex(),
    "{secret_url}": quote(SECRET, ""),
    "{secret_tail}": SECRET[7:],
}


def _filled(text: str) -> str:
    for placeholder, form in _FORMS.items():
        text = text.replace(placeholder, form)
    return text
