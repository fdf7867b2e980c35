"""Plain sentences about nothing in particular: what texts are filled with and what is copied back."""

from __future__ import annotations

from random import Random

from words import (
    ADJECTIVES,
    ANIMALS,
    CITIES,
    COLOURS,
    DAYS,
    FOODS,
    MONTHS,
    NAMES,
    NATURE,
    OTHER_WORDS,
    PEOPLE_WORDS,
    PLACES,
    THINGS,
    VERBS,
    takes_an,
)

_SLOTS = {
    "animal": ANIMALS,
    "food": FOODS,
    "colour": COLOURS,
    "thing": THINGS,
    "nature": NATURE,
    "place": PLACES,
    "adj": ADJECTIVES,
    "verb": VERBS,
    "person": PEOPLE_WORDS,
    "name": NAMES,
    "city": CITIES,
    "day": DAYS,
    "month": MONTHS,
    "idea": OTHER_WORDS,
}

_PATTERNS = """The {adj} {animal} slept under the {thing} all afternoon.
A {colour} {thing} stood beside the {place}.
{name} walked slowly to the {place} and back.
Nobody in the {place} had ever seen such a {adj} {thing}.
In {month} the {nature} was {adj} and the {place} was {adj}.
The {person} liked to {verb} before breakfast.
{name} and {name} talked about the {nature} for an hour.
There was fresh {food} on the table, and the room smelled of {food}.
On {day} the {place} was closed, so they went to the {place} instead.
The {nature} looked {colour} in the evening light.
It is not easy to {verb} when the {nature} is so {adj}.
Every {person} knows how to {verb}, but few can {verb} well.
The {animal} watched the {animal} from behind the {thing}.
{name} read a book about the {idea} of the {person}.
The road to the {place} was long and {adj}.
A {adj} {person} sold {food} and {food} near the {place}.
"We should {verb} now," said {name}.
"I would rather {verb}," answered the {person}.
The old {thing} made a {adj} sound, like a {animal} in the {nature}.
Rain fell on the {place}, and the {animal} did not mind.
{name} drew a {colour} {animal} and a {adj} {nature}.
Some people in {city} {verb} on {day}.
The {person} put the {thing} next to the {thing}.
By noon the {nature} was {adj} again.
They carried the {thing} across the {nature} and rested.
The {idea} was {adj}, and everyone felt {adj}.
Under the {thing} lay a {colour} {thing} and two {adj} stones.
{name} forgot to {verb} and had to start again.
The {animal} was {adj}, but the {animal} was even more {adj}.
A letter came from {city} in {month}, with a {colour} stamp.
The {person} cooked {food} with a little {food}.
Far away a {thing} rang, and the {animal} looked up.
What a {adj} day to {verb} by the {nature}!
The children wanted to {verb}, but the {nature} was too {adj}.
Nothing is as {adj} as a {animal} in the {nature}.
{name} cleaned the {thing} until it was {adj}.
The {place} near the {nature} has a {colour} door and a {adj} roof.
At night the {nature} was {adj} and the {place} was dark.
A group of visitors came to {city} to {verb} and to {verb}.
The {person} and the {person} agreed about the {idea}.
Two {colour} birds sat on the {thing} and sang.
Later {name} found some {food} in the {place}.""".split("\n")


def _compile(pattern: str) -> tuple[list[str], list[list[str]]]:
    parts = pattern.replace("}", "{").split("{")
    return parts[0::2], [_SLOTS[name] for name in parts[1::2]]


_COMPILED = [_compile(pattern) for pattern in _PATTERNS]


def sentence(rng: Random) -> str:
    texts, slots = rng.choice(_COMPILED)
    pieces = [texts[0]]
    for slot, text in zip(slots, texts[1:]):
        word = slot[int(rng.random() * len(slot))]
        if pieces[-1].endswith(("A ", " a ")) and takes_an(word):
            pieces[-1] = pieces[-1][:-1] + "n "
        pieces += (word, text)
    return "".join(pieces)


def paragraph(rng: Random, chars: int) -> str:
    """Sentences up to about the given length."""
    text: list[str] = []
    while chars > 0:
        text.append(sentence(rng))
        chars -= len(text[-1]) + 1
    return " ".join(text)
