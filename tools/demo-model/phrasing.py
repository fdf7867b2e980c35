"""Small variations in how people type the same request."""

from __future__ import annotations

from random import Random
from typing import Any, Sequence

_LEADS = (
    "Quire, ",
    "Hey, ",
    "OK. ",
    "Now ",
    "Hi! ",
    "Hello, ",
    "Next: ",
    "Then ",
    "please ",
    "Please ",
    "Can you help? ",
    "And now: ",
    "Thanks. ",
    "Great. ",
)


def phrase(rng: Random, templates: Sequence[str], **slots: Any) -> str:
    """One of the templates, filled; sometimes with a lead, in lower case, or without its full stop."""
    text, style = rng.choice(templates), rng.random()
    if style < 0.1:
        text = text[0].lower() + text[1:]
    elif style < 0.18:
        text = text.rstrip(" .?")
    elif style < 0.24:
        text = text[0].lower() + text[1:].rstrip(" .?")
    elif style < 0.36:
        lead = rng.choice(_LEADS)
        text = lead + (text if lead.endswith((". ", "! ", "? ")) else text[0].lower() + text[1:])
    return text.format(**slots)
