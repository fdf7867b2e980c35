"""Writes the held-out prompts: only content whose key the training text may not use.

python3 eval_set.py TOKENIZER_FOLDER OUTPUT.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import Any, Iterator

from corpus import SEED
from example import Example, Task, draw
from sentences import sentence
from tasks.about import about, unknown
from tasks.arithmetic import longer, three_digits, two_digits
from tasks.copying import copying
from tasks.fact_kinds import draw_facts
from tasks.facts import at_distance
from tasks.letters import count_letters, lower, reverse, spell, upper
from tasks.lists import count_items, count_numbers, reverse_list, reverse_sentence, sort
from tasks.records import record
from tasks.steps import compare, step
from tasks.stories import story
from tasks.tools import no_tool, tool_answer, tool_call
from tasks.turns import turns
from tokenizer import Tokenizer

COUNTS: dict[Task, int] = {
    about: 50,
    unknown: 50,
    two_digits: 120,
    three_digits: 100,
    longer: 40,
    sort: 120,
    reverse: 80,
    reverse_list: 25,
    reverse_sentence: 15,
    spell: 60,
    upper: 50,
    lower: 30,
    count_letters: 40,
    count_items: 20,
    count_numbers: 20,
    step: 20,
    compare: 30,
    copying: 120,
    record: 100,
    tool_call: 80,
    tool_answer: 40,
    no_tool: 40,
    turns: 80,
    story: 60,
}
DISTANCES = (100, 300, 600, 1200, 1900)
FACTS_PER_DISTANCE = 50


def _facts(rng: Random, tokenizer: Tokenizer) -> Iterator[tuple[Example, int]]:
    """Pairs of an example and the tokens between its fact and its question."""
    for distance in DISTANCES:
        for _ in range(FACTS_PER_DISTANCE):
            filler = sentence(rng)
            while len(tokenizer.encode(filler)) < distance - 6:
                filler += " " + sentence(rng)
            fact = draw_facts(rng, 1, reserved=True)[0]
            yield at_distance(fact, sentence(rng), filler), distance


def _line(number: int, example: Example, distance: int = 0) -> dict[str, Any]:
    line: dict[str, Any] = {"id": number, "task": example.task, "key": example.key, "messages": example.messages[:-1]}
    if example.tools:
        line["tools"] = example.tools
    if distance:
        line["distance"] = distance
    return {**line, "check": example.check, "expected": example.expected}


def held_out(tokenizer: Tokenizer, seed: int = SEED) -> list[dict[str, Any]]:
    rng, seen, lines = Random(f"quire-demo/{seed}/held-out"), set(), []
    for task, count in COUNTS.items():
        while count:
            example = draw(task, rng, reserved=True)
            if example.key not in seen:
                seen.add(example.key)
                lines.append(_line(len(lines), example))
                count -= 1
    for example, distance in _facts(rng, tokenizer):
        lines.append(_line(len(lines), example, distance))
    return lines


def write(tokenizer: Tokenizer, path: Path) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in held_out(tokenizer))
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Tokenizer.load(Path(sys.argv[1])), Path(sys.argv[2]))
