"""Greedy answers to the held-out prompts, scored by task.

python3 evaluate.py MODEL_FOLDER PROMPTS.jsonl [--every N] [--show]
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch

from chat import END_OF_TEXT, prompt
from checkers import CHECKERS
from model import Config, Llama, greedy
from tokenizer import Tokenizer
from weights import load

BATCH_TOKENS = 100_000
MOST_TOKENS = 320

Table = dict[str, tuple[int, int]]


def read_prompts(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def row_name(line: dict[str, Any]) -> str:
    return f"{line['task']}-{line['distance']}" if "distance" in line else line["task"]


def answer_all(model: Llama, tokenizer: Tokenizer, lines: list[dict[str, Any]]) -> list[str]:
    """The answers, in the order of the lines; prompts of similar length run together."""
    prompts = [tokenizer.encode(prompt(line["messages"], line.get("tools"))) for line in lines]
    stop = {tokenizer.end_of_turn, tokenizer.ids[END_OF_TEXT]}
    answers = [""] * len(lines)
    order = sorted(range(len(lines)), key=lambda number: len(prompts[number]))
    while order:
        size = max(1, BATCH_TOKENS // (len(prompts[order[-1]]) + MOST_TOKENS))
        group, order = order[-size:], order[:-size]
        for number, ids in zip(group, greedy(model, [prompts[number] for number in group], MOST_TOKENS, stop)):
            answers[number] = tokenizer.decode(ids)
    return answers


def evaluate(model: Llama, tokenizer: Tokenizer, lines: list[dict[str, Any]], show: bool = False) -> Table:
    """For each task: how many were right, of how many."""
    right: dict[str, list[bool]] = defaultdict(list)
    for line, answer in zip(lines, answer_all(model, tokenizer, lines)):
        good = CHECKERS[line["check"]](answer, line["expected"])
        right[row_name(line)].append(good)
        if show and not good:
            print(f"{line['task']}: {line['messages'][-1]['content'][-160:]!r}")
            print(f"  expected {line['expected']!r}\n  answered {answer!r}")
    return {name: (sum(goods), len(goods)) for name, goods in right.items()}


def format_table(table: Table) -> str:
    lines = [f"| {name} | {right} of {count} | {right / count:.1%} |" for name, (right, count) in table.items()]
    total, all_ = sum(right for right, _ in table.values()), sum(count for _, count in table.values())
    return "\n".join(
        ["| task | right | share |", "|---|---|---|", *lines, f"| all | {total} of {all_} | {total / all_:.1%} |"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every Nth prompt only")
    parser.add_argument("--show", action="store_true", help="print the wrong answers")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load(arguments.model / "model.safetensors", Config()).to(device)
    lines = read_prompts(arguments.prompts)[:: arguments.every]
    print(format_table(evaluate(model, Tokenizer.load(arguments.model), lines, arguments.show)))


if __name__ == "__main__":
    main()
