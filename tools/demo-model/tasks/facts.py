"""Facts given in the prompt and asked for later, at any distance up to the full context."""

from __future__ import annotations

from random import Random

from example import Example
from sentences import sentence
from tasks.fact_kinds import Fact, draw_facts, fact_key

_INTROS = (
    "Read this text.",
    "Here is a text.",
    "Remember this.",
    "Please read the following.",
    "",
    "",
    "",
    "Hello!",
    "Hi.",
    "Remember:",
)
_NOTED = "I will remember that."
_ABSENT = "That is not in this chat."
MEAN_SENTENCE_CHARS = 50


def near(rng: Random) -> Example:
    return _asked(rng, rng.choice((0, 0, 100, 300, 600, 900)), rng.randint(1, 4))


def middle(rng: Random) -> Example:
    return _asked(rng, rng.randint(600, 1500), rng.randint(2, 5))


def far(rng: Random) -> Example:
    return _asked(rng, rng.randint(2500, 6300), rng.randint(4, 10))


def _asked(rng: Random, chars: int, count: int) -> Example:
    """A text with facts, then questions: the first in the same message, or after the text was acknowledged."""
    absent, *known = draw_facts(rng, count + 1)
    sentences = [sentence(rng) for _ in range(chars // MEAN_SENTENCE_CHARS)]
    for fact in known:
        sentences.insert(rng.randint(0, len(sentences)), _stated(rng, fact))
    text = " ".join(filter(None, (rng.choice(_INTROS), *sentences)))
    asked = rng.sample(known, len(known))
    messages: list[dict] = []
    if rng.random() < 0.3:
        messages += _exchange(text, _NOTED)
    else:
        messages += _exchange(text + rng.choice((" ", "\n", "\n\n")) + asked[0].question, asked.pop(0).answer)
    for fact in asked:
        messages += _exchange(fact.question, fact.answer)
    if rng.random() < 0.1:
        messages += _exchange(absent.question, _ABSENT)
    return Example("facts", fact_key(known[0]), messages)


def _stated(rng: Random, fact: Fact) -> str:
    """The statement, now and then with words around it."""
    if rng.random() < 0.85:
        return fact.statement
    after_that = fact.statement if fact.statement.startswith("I ") else fact.statement[0].lower() + fact.statement[1:]
    if fact.statement.split(" ")[0] not in ("The", "My", "I"):
        after_that = fact.statement
    return (
        rng.choice(
            ("Remember that ", "Note that ", "Please remember that ", "You should know that ", "Do not forget that ")
        )
        + after_that
    )


def in_system(rng: Random) -> Example:
    """The text stands in the system turn, as applications do it."""
    known = draw_facts(rng, rng.randint(1, 3))
    text = " ".join([fact.statement for fact in known] + [sentence(rng) for _ in range(rng.randrange(4))])
    messages: list[dict] = [{"role": "system", "content": text}]
    for fact in rng.sample(known, len(known)):
        messages += _exchange(fact.question, fact.answer)
    return Example("facts", fact_key(known[0]), messages)


def _exchange(question: str, answer: str) -> list[dict]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def at_distance(fact: Fact, before: str, filler: str) -> Example:
    """The held-out form: a fact, then `filler`, then the question, in one message."""
    text = " ".join(filter(None, (before, fact.statement, filler)))
    return Example("facts", fact_key(fact), _exchange(f"{text}\n\n{fact.question}", fact.answer))
