"""Tasks on lists: sorting, reversing the order, counting items, counting up and down."""

from __future__ import annotations

from random import Random

from example import Example, ask
from phrasing import phrase
from words import FOODS, FUNCTION_WORDS, LEXICON, NAMES, NOUNS, listed

_SORT_UP = (
    "Sort these numbers: {l}",
    "Sort the numbers {l}.",
    "Put these numbers in order: {l}",
    "Sort from smallest to largest: {l}",
    "Sort: {l}",
    "Please sort {l}.",
    "Sort {l}",
    "Can you sort {l}?",
    "Sort the following numbers: {l}",
    "Order these numbers: {l}",
    "Arrange these numbers in ascending order: {l}",
)
_SORT_DOWN = (
    "Sort from largest to smallest: {l}",
    "Sort these numbers in descending order: {l}",
    "Sort {l} from largest to smallest.",
    "Put these numbers in descending order: {l}",
    "Sort these numbers from high to low: {l}",
)
_SORT_WORDS = (
    "Sort these words: {l}",
    "Sort these words alphabetically: {l}",
    "Put these words in order: {l}",
    "Put in alphabetical order: {l}",
    "Sort alphabetically: {l}",
    "Sort: {l}",
    "Please sort the words {l}.",
    "Sort {l}",
    "Can you sort {l}?",
    "Sort the following words: {l}",
    "Order these words: {l}",
    "Sort these: {l}",
    "Arrange in alphabetical order: {l}",
)
_SORT_NAMES = ("Sort these names: {l}", "Put these names in alphabetical order: {l}", "Sort the names {l}.")
_REVERSE = (
    "Reverse the order of these words: {l}",
    "Reverse this list: {l}",
    "Write this list backwards: {l}",
    "Put this list in reverse order: {l}",
    "Reverse the list {l}.",
)
_REVERSE_SENTENCE = (
    "Reverse the words of this sentence: {l}",
    "Reverse the order of the words: {l}",
    "Reverse the sentence: {l}",
    "Write this sentence word by word from the end: {l}",
)
_ITEMS = (
    "How many items are in this list: {l}?",
    "Count these: {l}",
    "How many words are these: {l}?",
    "How many things are listed here: {l}?",
    "Count the items: {l}",
)
_UP = (
    "Count from {a} to {b}.",
    "Please count from {a} to {b}.",
    "Count up from {a} to {b}.",
    "Can you count from {a} to {b}?",
    "List the numbers from {a} to {b}.",
)
_FROM_ONE = ("Count to {b}.", "Please count to {b}.", "Can you count to {b}?", "Count up to {b}.")
_DOWN = ("Count down from {a} to {b}.", "Count backwards from {a} to {b}.", "Please count down from {a} to {b}.")


def _joined(rng: Random, items: list[str]) -> str:
    """Commas as a rule, but people also type other things."""
    style = rng.random()
    if style < 0.76:
        return ", ".join(items)
    if style < 0.82:
        return listed(items)
    return rng.choice((" ", " ", ",", "; ")).join(items)


def sort(rng: Random) -> Example:
    return rng.choice((_sort_numbers, _sort_words))(rng)


def _sort_numbers(rng: Random) -> Example:
    top = rng.choice((20, 100, 100, 100, 1000))
    numbers = rng.sample(range(top), rng.randint(3, 8))
    text = _joined(rng, list(map(str, numbers)))
    down = rng.random() < 0.3
    answer = ", ".join(map(str, sorted(numbers, reverse=down)))
    return ask("sort", f"{text}|{down}", phrase(rng, _SORT_DOWN if down else _SORT_UP, l=text), answer)


def _sort_words(rng: Random) -> Example:
    names = rng.random() < 0.2
    items = rng.sample(NAMES if names else rng.choice((LEXICON, NOUNS)), rng.randint(3, 6))
    text = _joined(rng, items)
    return ask("sort", text, phrase(rng, _SORT_NAMES if names else _SORT_WORDS, l=text), ", ".join(sorted(items)))


def reverse_list(rng: Random) -> Example:
    if rng.random() < 0.3:
        items = [str(rng.randrange(100)) for _ in range(rng.randint(3, 8))]
    else:
        items = rng.sample(LEXICON, rng.randint(3, 7))
    text = _joined(rng, items)
    return ask("reverse", text, phrase(rng, _REVERSE, l=text), ", ".join(reversed(items)))


def reverse_sentence(rng: Random) -> Example:
    words = [rng.choice(FUNCTION_WORDS if rng.random() < 0.4 else LEXICON) for _ in range(rng.randint(3, 7))]
    text = " ".join(words)
    return ask("reverse", text, phrase(rng, _REVERSE_SENTENCE, l=text), " ".join(reversed(words)))


def count_items(rng: Random) -> Example:
    items = rng.sample(rng.choice((FOODS, LEXICON, NAMES)), rng.randint(2, 9))
    text = _joined(rng, items)
    return ask("count", text, phrase(rng, _ITEMS, l=text), f"There are {len(items)}.")


def count_numbers(rng: Random) -> Example:
    first = rng.choice((1, 1, rng.randrange(100), rng.randrange(1000)))
    last = first + rng.randint(2, 20)
    numbers, phrases = list(range(first, last + 1)), _FROM_ONE if first == 1 and rng.random() < 0.5 else _UP
    if rng.random() < 0.3:
        numbers, phrases = numbers[::-1], _DOWN
    question = phrase(rng, phrases, a=numbers[0], b=numbers[-1])
    return ask("count", f"{numbers[0]}-{numbers[-1]}", question, ", ".join(map(str, numbers)))
