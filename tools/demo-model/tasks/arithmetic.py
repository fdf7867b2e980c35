"""Addition and subtraction, to two and to three digits."""

from __future__ import annotations

from random import Random

from example import Example, ask
from phrasing import phrase

_PLUS = (
    "What is {a} + {b}?",
    "{a} + {b}",
    "{a} + {b} = ?",
    "Add {a} and {b}.",
    "What is {a} plus {b}?",
    "Please add {a} and {b}.",
    "Calculate {a} + {b}.",
    "How much is {a} + {b}?",
    "{a}+{b}",
    "What is the sum of {a} and {b}?",
    "What's {a} + {b}?",
    "What does {a} + {b} make?",
    "I have {a} and get {b} more. How many is that?",
    "Can you add {a} and {b}?",
    "{a} plus {b}",
)
_MINUS = (
    "What is {a} - {b}?",
    "{a} - {b}",
    "{a} - {b} = ?",
    "Subtract {b} from {a}.",
    "What is {a} minus {b}?",
    "Please subtract {b} from {a}.",
    "Calculate {a} - {b}.",
    "How much is {a} - {b}?",
    "{a}-{b}",
    "Take {b} away from {a}.",
    "What's {a} - {b}?",
    "What is left of {a} after taking away {b}?",
    "I have {a} and give away {b}. How many are left?",
    "Can you subtract {b} from {a}?",
    "{a} minus {b}",
)


_THREE = ("What is {t}?", "{t}", "{t} = ?", "Calculate {t}.", "How much is {t}?", "What's {t}?")


def sum_key(a: int, sign: str, b: int) -> str:
    """One key space for all of arithmetic, so that a held-out sum is unseen in every task."""
    return f"arithmetic|{a}{sign}{b}"


def _exchange(task: str, rng: Random, digits_a: int, digits_b: int) -> Example:
    a, b = rng.randrange(10**digits_a), rng.randrange(10**digits_b)
    if rng.random() < 0.5:
        templates, sign, result = _PLUS, "+", a + b
    else:
        if a < b and rng.random() < 0.75:
            a, b = b, a
        templates, sign, result = _MINUS, "-", a - b
    example = ask(task, "", phrase(rng, templates, a=a, b=b), f"{a} {sign} {b} = {result}")
    example.key = sum_key(a, sign, b)
    return example


def longer(rng: Random) -> Example:
    """Three terms, or four digits."""
    if rng.random() < 0.3:
        return _exchange("arithmetic-more", rng, 4, rng.choice((1, 2, 3, 4)))
    a, b, c = (rng.randrange(rng.choice((10, 50, 100))) for _ in range(3))
    sign = rng.choice("++-") if a + b >= c else "+"
    text = f"{a} + {b} {sign} {c}"
    example = ask(
        "arithmetic-more", "", phrase(rng, _THREE, t=text), f"{text} = {a + b + c if sign == '+' else a + b - c}"
    )
    example.key = f"arithmetic|{text}"
    return example


def two_digits(rng: Random) -> Example:
    return _exchange("arithmetic-2", rng, rng.choice((1, 2, 2, 2, 2, 2)), rng.choice((1, 2, 2, 2, 2, 2)))


def three_digits(rng: Random) -> Example:
    return _exchange("arithmetic-3", rng, 3, rng.choice((2, 3, 3, 3)))
