"""What counts as a right answer. test/eval/README.md says the same in words."""

from __future__ import annotations

import json
import re
from typing import Any, Callable


def exact(answer: str, expected: str) -> bool:
    return answer.strip() == expected


def json_equal(answer: str, expected: Any) -> bool:
    try:
        return bool(json.loads(answer) == expected)
    except ValueError:
        return False


def tool_call_equal(answer: str, expected: Any) -> bool:
    found = re.fullmatch(r"\s*<tool_call>(.*)</tool_call>\s*", answer, re.DOTALL)
    return found is not None and json_equal(found[1], expected)


def story(answer: str, expected: dict[str, list[str]]) -> bool:
    sentences = [part for part in re.split(r"(?<=[.!?])\"?\s+", answer.strip()) if part]
    words = answer.split()
    return (
        5 <= len(sentences) <= 16
        and 40 <= len(words) <= 200
        and len(set(sentences)) == len(sentences)
        and answer.strip()[-1] in '.!?"'
        and all(re.search(rf"\b{re.escape(word)}\b", answer) for word in expected["mentions"])
    )


CHECKERS: dict[str, Callable[[str, Any], bool]] = {
    "exact": exact,
    "json-equal": json_equal,
    "tool-call-equal": tool_call_equal,
    "story": story,
}
