"""What comes next, and which is more: numbers, days, months, letters."""

from __future__ import annotations

from random import Random

from example import Example, ask
from phrasing import phrase
from words import DAYS, MONTHS

_AFTER = (
    "What comes after {x}?",
    "Which {kind} comes after {x}?",
    "What {kind} comes after {x}?",
    "What is the {kind} after {x}?",
    "What is the next {kind} after {x}?",
)
_BEFORE = (
    "What comes before {x}?",
    "Which {kind} comes before {x}?",
    "What {kind} comes before {x}?",
    "What is the {kind} before {x}?",
)
_LARGER = (
    "Which is larger, {a} or {b}?",
    "Which number is bigger: {a} or {b}?",
    "What is more, {a} or {b}?",
    "Is {a} or {b} larger?",
)
_SMALLER = (
    "Which is smaller, {a} or {b}?",
    "Which number is smaller: {a} or {b}?",
    "What is less, {a} or {b}?",
    "Is {a} or {b} smaller?",
)
_EVEN = ("Is {a} even or odd?", "Is {a} even?", "Is {a} odd?", "Is the number {a} even or odd?")
_LETTERS = list("abcdefghijklmnopqrstuvwxyz")


def step(rng: Random) -> Example:
    """The neighbour in a sequence."""
    forward = rng.random() < 0.6
    if rng.random() < 0.4:
        number = rng.randrange(1, rng.choice((30, 100, 1000)))
        return _step("number", str(number), str(number + (1 if forward else -1)), forward, rng)
    kind, names = rng.choice((("day", DAYS), ("month", MONTHS), ("letter", _LETTERS)))
    at = rng.randrange(len(names) - 1)
    here, there = (names[at], names[at + 1]) if forward else (names[at + 1], names[at])
    return _step(kind, here, there, forward, rng)


def _step(kind: str, here: str, there: str, forward: bool, rng: Random) -> Example:
    question = phrase(rng, _AFTER if forward else _BEFORE, kind=kind, x=here)
    key = f"{here}|{forward}" if kind == "number" else question.lower()
    return ask("next", key, question, there)


def compare(rng: Random) -> Example:
    """Which of two numbers is larger or smaller; even or odd."""
    a, b = rng.sample(range(rng.choice((20, 100, 1000))), 2)
    if rng.random() < 0.3:
        return ask("compare", f"even|{a}", phrase(rng, _EVEN, a=a), f"{a} is {'odd' if a % 2 else 'even'}.")
    larger = rng.random() < 0.5
    answer = f"{max(a, b)} is larger than {min(a, b)}." if larger else f"{min(a, b)} is smaller than {max(a, b)}."
    return ask("compare", f"{a}|{b}|{larger}", phrase(rng, _LARGER if larger else _SMALLER, a=a, b=b), answer)
