"""Tasks on the letters of a word: reversing, spelling, upper-casing, counting."""

from __future__ import annotations

from random import Random

from example import Example, ask
from phrasing import phrase
from words import LEXICON, NAMES, invented, scramble

_REVERSE = (
    "Reverse the word '{w}'.",
    "Reverse the word {w}.",
    "Write '{w}' backwards.",
    "Spell '{w}' backwards.",
    "What is '{w}' in reverse?",
    "Reverse '{w}'.",
    "Write the word {w} backwards.",
    "Reverse: {w}",
    "Please reverse the letters of '{w}'.",
    "What is {w} backwards?",
    'Reverse the word "{w}".',
    "Reverse {w}.",
    "Can you reverse the word '{w}' for me?",
    "Can you write {w} backwards?",
    "Spell {w} backwards.",
)
_SPELL = (
    "Spell the word '{w}'.",
    "Spell '{w}'.",
    "How do you spell {w}?",
    "How do you spell '{w}'?",
    "Spell {w} for me, please.",
    "Please spell the word {w}.",
    "Spell: {w}",
    "What are the letters of '{w}'?",
)
_UPPER = (
    "Write '{w}' in upper case.",
    "Make this upper case: {w}",
    "Put '{w}' in capital letters.",
    "Upper-case '{w}'.",
    "Write {w} in capitals.",
    "Change '{w}' to upper case.",
    "Shout '{w}'.",
    "Please write this in capital letters: {w}",
    "Make '{w}' uppercase.",
    "Uppercase: {w}",
    "{w} in capital letters, please.",
)
_LOWER = (
    "Write '{w}' in lower case.",
    "Make this lower case: {w}",
    "Put '{w}' in small letters.",
    "Make '{w}' lowercase.",
    "Change '{w}' to lower case.",
    "Write {w} in small letters.",
)
_LETTERS = (
    "How many letters are in '{w}'?",
    "How many letters does {w} have?",
    "Count the letters in '{w}'.",
    "How many letters are there in the word '{w}'?",
    "How long is the word {w}?",
    "Count the letters of {w}.",
    "How many letters in {w}?",
    "What is the length of '{w}'?",
)
_ONE_LETTER = (
    "How many times does the letter {x} occur in '{w}'?",
    "How many {x}'s are in '{w}'?",
    "Count the letter {x} in '{w}'.",
    "How often is the letter {x} in {w}?",
    "How many {x}'s are in {w}?",
    "How many {x}'s does {w} have?",
    "How many times is {x} in {w}?",
)


def _word(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.66:
        word = rng.choice(LEXICON)
        return word.capitalize() if kind < 0.06 else word
    if kind < 0.74:
        return rng.choice(NAMES)
    return invented(rng) if kind < 0.92 else scramble(rng)


def reverse(rng: Random) -> Example:
    word = _word(rng)
    return ask("reverse", word, phrase(rng, _REVERSE, w=word), word[::-1])


def spell(rng: Random) -> Example:
    word = _word(rng)
    return ask("spell", word, phrase(rng, _SPELL, w=word), "-".join(word))


def upper(rng: Random) -> Example:
    words = " ".join(_word(rng) for _ in range(rng.choice((1, 1, 1, 2, 3, 4))))
    return ask("upper-case", words, phrase(rng, _UPPER, w=words), words.upper())


def lower(rng: Random) -> Example:
    words = " ".join(_word(rng) for _ in range(rng.choice((1, 1, 2, 3)))).upper()
    return ask("lower-case", words, phrase(rng, _LOWER, w=words), words.lower())


def count_letters(rng: Random) -> Example:
    """The answer spells first: counting letters inside one token would be a guess."""
    word = _word(rng)
    if rng.random() < 0.6:
        answer = f"{'-'.join(word)} has {len(word)} letters."
        return ask("count", f"letters|{word}", phrase(rng, _LETTERS, w=word), answer)
    letter = rng.choice(word.lower()) if rng.random() < 0.8 else rng.choice("aeiourstln")
    times = word.lower().count(letter)
    answer = f"{'-'.join(word)} has {times} {letter}."
    return ask("count", f"{letter}|{word}", phrase(rng, _ONE_LETTER, x=letter, w=word), answer)
