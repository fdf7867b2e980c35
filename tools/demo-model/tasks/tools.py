"""Choosing a tool from the list in the system turn, filling its arguments, and reporting its result."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from example import Example
from tasks.about import about
from tasks.arithmetic import two_digits
from tasks.toolbox import Tool, toolbox


def _call(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "arguments": tool.arguments}


def _calling(tool: Tool) -> dict[str, Any]:
    """The assistant's turn, OpenAI-shaped."""
    function = {"name": tool.name, "arguments": json.dumps(tool.arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}


def _report(result: dict[str, Any]) -> str:
    return "The " + " and the ".join(f"{key} is {value}" for key, value in result.items()) + "."


NO_TOOL = "I have no tool for that."


def _called(rng: Random) -> tuple[Tool, list[dict[str, Any]], list[dict[str, Any]]]:
    """The tool to call, the messages up to the call, and all the listed tools."""
    box = toolbox(rng, rng.choice((1, 2, 2, 3, 3, 4)))
    tool = rng.choice(box)
    messages = [{"role": "user", "content": tool.request}, _calling(tool)]
    return tool, messages, [each.schema for each in box]


def tool_call(rng: Random) -> Example:
    """A request that one of the listed tools serves."""
    tool, messages, tools = _called(rng)
    return Example("tool-call", f"tool-call|{json.dumps(_call(tool))}", messages, "tool-call-equal", _call(tool), tools)


def tool_answer(rng: Random) -> Example:
    """The turn after: what the tool returned, in a sentence."""
    tool, messages, tools = _called(rng)
    result = json.dumps(tool.result)
    messages += [{"role": "tool", "content": result}, {"role": "assistant", "content": _report(tool.result)}]
    return Example("tool-answer", f"tool-answer|{json.dumps(_call(tool))}|{result}", messages, tools=tools)


def no_tool(rng: Random) -> Example:
    """Tools are listed, but the request needs none, or one that is missing."""
    *box, missing = toolbox(rng, rng.choice((2, 3, 4)))
    tools = [tool.schema for tool in box]
    if rng.random() < 0.5:
        plain = rng.choice((about, two_digits))(rng)
        return Example("no-tool", plain.key, plain.messages, tools=tools)
    messages = [{"role": "user", "content": missing.request}, {"role": "assistant", "content": NO_TOOL}]
    return Example("no-tool", "no-tool|" + missing.request, messages, tools=tools)
