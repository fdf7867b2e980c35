"""The training text: conversations drawn from all tasks by one seed, never with held-out content.

python3 corpus.py --slice 200    prints the first 200 conversations
"""

from __future__ import annotations

import argparse
import sys
from random import Random
from typing import Any, Iterator

from chat import END_OF_TEXT, Segment, render
from example import Task, draw
from sentences import sentence
from tasks.about import about, unknown
from tasks.arithmetic import longer, three_digits, two_digits
from tasks.copying import copying
from tasks.facts import far, in_system, middle, near
from tasks.letters import count_letters, lower, reverse, spell, upper
from tasks.lists import count_items, count_numbers, reverse_list, reverse_sentence, sort
from tasks.records import record
from tasks.steps import compare, step
from tasks.stories import story
from tasks.tools import no_tool, tool_answer, tool_call
from tasks.turns import turns

SEED = 20_261_123

# How often each task is drawn for a short conversation; exchanges of these are strung together.
SHORT: dict[Task, float] = {
    about: 6,
    unknown: 4,
    two_digits: 10,
    three_digits: 12,
    reverse: 28,
    reverse_list: 4,
    reverse_sentence: 2,
    spell: 10,
    upper: 6,
    lower: 2,
    longer: 5,
    step: 2,
    compare: 2,
    count_letters: 6,
    count_items: 3,
    count_numbers: 2,
    sort: 12,
    copying: 8,
    record: 9,
    story: 4,
    near: 8,
}
# Conversations that stand alone, and how often each comes instead of a short one.
ALONE: dict[Task, float] = {turns: 8, middle: 4, tool_call: 8, tool_answer: 3, no_tool: 4, in_system: 1}
ALONE_SHARE = 0.22
LONG: dict[Task, float] = {far: 1}

_SYSTEM = (
    "You are a helpful assistant.",
    "You are the Quire demo.",
    "You are a friendly assistant.",
    "Answer briefly.",
    "You are a small language model.",
    "Be polite and short.",
    "You are Quire, a helpful model in a web page.",
)


class Mix:
    """Draws tasks by weight."""

    def __init__(self, weights: dict[Task, float]) -> None:
        self._tasks, self._weights = list(weights), list(weights.values())

    def draw(self, rng: Random) -> Any:
        return draw(rng.choices(self._tasks, self._weights)[0], rng)


_SHORT_MIX, _ALONE_MIX, _LONG_MIX = Mix(SHORT), Mix(ALONE), Mix(LONG)


def conversation(rng: Random, long: bool = False) -> list[Segment]:
    """One conversation, ready to be tokenized; long ones fill most of the context."""
    messages, tools = _system(rng), None
    if long or rng.random() < ALONE_SHARE:
        example = (_LONG_MIX if long else _ALONE_MIX).draw(rng)
        begins = [] if example.messages[0]["role"] == "system" else messages
        messages, tools = begins + example.messages, example.tools
    else:
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))):
            messages = messages + _SHORT_MIX.draw(rng).messages
    return [*render(messages, tools), (END_OF_TEXT, True)]


def _system(rng: Random) -> list[dict[str, Any]]:
    kind = rng.random()
    if kind < 0.75:
        return []
    return [{"role": "system", "content": rng.choice(_SYSTEM) if kind < 0.93 else sentence(rng)}]


def shard_rng(shard: int, seed: int = SEED) -> Random:
    return Random(f"quire-demo/{seed}/{shard}")


def conversations(shard: int, seed: int = SEED) -> Iterator[list[Segment]]:
    """The endless short conversations of a shard."""
    rng = shard_rng(shard, seed)
    while True:
        yield conversation(rng)


def slice_text(count: int, seed: int = SEED) -> str:
    """The first conversations as text, every eighth a long one."""
    rng = shard_rng(0, seed)
    return "".join("".join(text for text, _ in conversation(rng, number % 8 == 7)) + "\n" for number in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slice", type=int, default=10, metavar="N", help="print the first N conversations")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    sys.stdout.buffer.write(slice_text(arguments.slice, arguments.seed).encode())


if __name__ == "__main__":
    main()
