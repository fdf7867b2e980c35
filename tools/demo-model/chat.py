"""The chat format in Python: the same text that chat_template.jinja renders, with the answers marked."""

from __future__ import annotations

import json
from typing import Any, Optional

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TOOL_CALL_START, TOOL_CALL_END = "<tool_call>", "</tool_call>"
SPECIAL = (END_OF_TEXT, TURN_START, TURN_END)
MARKERS = (TOOL_CALL_START, TOOL_CALL_END)

Segment = tuple[str, bool]


def _answer(message: dict[str, Any]) -> str:
    calls = (call["function"] for call in message.get("tool_calls", ()))
    texts = [
        f'{TOOL_CALL_START}\n{{"name": {json.dumps(call["name"])}, "arguments": {call["arguments"]}}}\n{TOOL_CALL_END}'
        for call in calls
    ]
    return "\n".join(filter(None, [message["content"], *texts]))


def render(messages: list[dict[str, Any]], tools: Optional[list[dict[str, Any]]] = None) -> list[Segment]:
    """Pieces of text; true marks what the model has to write: each answer and the end of its turn."""
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    if tools:
        listing = "".join(json.dumps(tool["function"], ensure_ascii=False) + "\n" for tool in tools)
        system += ("\n\n" if system else "") + "You can call these tools:\n" + listing
    pieces: list[Segment] = [(f"{TURN_START}system\n{system}{TURN_END}\n", False)] if system else []
    for message in messages:
        if message["role"] == "assistant":
            pieces += [(f"{TURN_START}assistant\n", False), (_answer(message) + TURN_END, True), ("\n", False)]
        elif message["role"] != "system":
            pieces.append((f"{TURN_START}{message['role']}\n{message['content']}{TURN_END}\n", False))
    return pieces


def prompt(messages: list[dict[str, Any]], tools: Optional[list[dict[str, Any]]] = None) -> str:
    """The text that asks for the next answer."""
    return "".join(text for text, _ in render(messages, tools)) + f"{TURN_START}assistant\n"
