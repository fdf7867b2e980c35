"""Conversations whose last turn refers back to an earlier one."""

from __future__ import annotations

from random import Random
from typing import Callable

from example import Example, is_reserved
from sentences import sentence
from tasks.about import about
from tasks.arithmetic import sum_key, two_digits
from tasks.copying import copying
from tasks.fact_kinds import draw_facts
from tasks.letters import reverse, spell, upper
from tasks.lists import sort
from words import LEXICON

Turn = tuple[str, str]
Conversation = tuple[list[Turn], Turn]
_NOTED = "I will remember that."


def turns(rng: Random) -> Example:
    opening, follow_up = rng.choice(_KINDS)(rng)
    pairs = [*opening, *_small_talk(rng), follow_up] if len(opening) > 1 else [*opening, follow_up]
    messages = [message for pair in pairs for message in _messages(*pair)]
    return Example("turns", "turns|" + "|".join(question for question, _ in (*opening, follow_up)), messages)


def _messages(question: str, answer: str) -> list[dict]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _free(task: Callable[[Random], Example], rng: Random) -> Turn:
    """An exchange of another task that is not held out there."""
    while True:
        example = task(rng)
        if not is_reserved(example.key):
            return example.messages[0]["content"], example.messages[1]["content"]


def _small_talk(rng: Random) -> list[Turn]:
    return [_free(rng.choice((about, two_digits, reverse, spell, sort)), rng) for _ in range(rng.randrange(3))]


_MORE = ("Add {} to that.", "Now add {}.", "Plus {}?", "And plus {}?", "And {} more?")
_LESS = ("Subtract {} from that.", "Now subtract {}.", "Minus {}?", "And minus {}?", "Take away {}.")


def _sum_goes_on(rng: Random) -> Conversation:
    while True:
        first = _free(two_digits, rng)
        total, number = int(first[1].split("= ")[1]), rng.randrange(1, 50)
        sign = "+" if rng.random() < 0.6 or number > total else "-"
        if not is_reserved(sum_key(total, sign, number)):
            break
    result = total + number if sign == "+" else total - number
    question = rng.choice(_MORE if sign == "+" else _LESS).format(number)
    return [first], (question, f"{total} {sign} {number} = {result}")


def _list_goes_on(rng: Random) -> Conversation:
    first = _free(sort, rng)
    items = first[1].split(", ")
    question, answer = rng.choice(
        (
            ("Now in reverse order.", ", ".join(reversed(items))),
            ("Now the other way round.", ", ".join(reversed(items))),
            ("Which one is first?", items[0]),
            ("Which one is last?", items[-1]),
            ("How many are there?", f"There are {len(items)}."),
            ("Say it again.", first[1]),
            ("Now in upper case.", first[1].upper()),
        )
    )
    return [first], (question, answer)


def _word_goes_on(rng: Random) -> Conversation:
    first = _free(rng.choice((reverse, upper)), rng)
    return [first], rng.choice(
        (
            ("Say it again.", first[1]),
            ("Now in upper case.", first[1].upper()),
            ("Once more, please.", first[1]),
            ("Again.", first[1]),
            ("Repeat that.", first[1]),
            ("And in capital letters?", first[1].upper()),
        )
    )


def _copy_again(rng: Random) -> Conversation:
    first = _free(copying, rng)
    return [first], (
        rng.choice(("Say it again.", "Again.", "Once more, please.", "Repeat that.", "And again?")),
        first[1],
    )


def _told_earlier(rng: Random) -> Conversation:
    """A fact in the first turn, small talk, then the question."""
    fact = draw_facts(rng, 1)[0]
    told = (fact.statement, _NOTED)
    return [told, _free(rng.choice((about, two_digits, reverse)), rng)], (fact.question, fact.answer)


def _first_word(rng: Random) -> Conversation:
    words = rng.sample(LEXICON, rng.randint(2, 4))
    told = (f"Remember these words: {', '.join(words)}", _NOTED)
    which, answer = rng.choice((("first", words[0]), ("last", words[-1]), ("second", words[1])))
    return [told, _free(rng.choice((about, two_digits)), rng)], (f"What was the {which} word?", answer)


def _all_words(rng: Random) -> Conversation:
    words = ", ".join(rng.sample(LEXICON, rng.randint(2, 6)))
    told = (f"Remember these words: {words}", _NOTED)
    return [told, _free(rng.choice((about, two_digits, spell)), rng)], (
        rng.choice(("Which words did I give you?", "What were the words?")),
        words,
    )


def _note(rng: Random) -> Conversation:
    text = sentence(rng)
    told = (f"Remember this sentence: {text}", _NOTED)
    return [told, _free(rng.choice((about, two_digits)), rng)], (
        rng.choice(("What was the sentence?", "Say the sentence again.")),
        text,
    )


_KINDS = (
    _sum_goes_on,
    _sum_goes_on,
    _list_goes_on,
    _list_goes_on,
    _word_goes_on,
    _copy_again,
    _told_earlier,
    _told_earlier,
    _first_word,
    _all_words,
    _note,
)
