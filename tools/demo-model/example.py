"""What every task yields, and the rule that keeps the evaluation set out of the training text."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, Callable, Optional

RESERVED_SHARE = 32


@dataclass
class Example:
    """One exchange. `messages` ends with the assistant's right answer.

    `key` names the content that must be unseen (operands, a word, a fact), whatever the phrasing.
    """

    task: str
    key: str
    messages: list[dict[str, Any]]
    check: str = "exact"
    expected: Any = None
    tools: Optional[list[dict[str, Any]]] = None

    def __post_init__(self) -> None:
        if self.expected is None:
            self.expected = self.messages[-1]["content"]


Task = Callable[[Random], Example]


def is_reserved(key: str) -> bool:
    """True for the keys that only the evaluation set may use: one in `RESERVED_SHARE`."""
    return int(sha256(key.encode()).hexdigest()[:8], 16) % RESERVED_SHARE == 0


def draw(task: Task, rng: Random, reserved: bool = False) -> Example:
    """The next example of the task on the asked side of the rule."""
    while True:
        example = task(rng)
        if is_reserved(example.key) == reserved:
            return example


def ask(task: str, key: str, question: str, answer: str, **more: Any) -> Example:
    """The common case: one question, one answer. The key is prefixed with the task's name."""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return Example(task, f"{task}|{key}", messages, **more)
