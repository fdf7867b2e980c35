"""Concrete tools: drawn from the known kinds, or put together from parts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Callable

from tasks.records import any_phrase, clock_time, one_of, person_name, whole
from tasks.tool_kinds import KINDS
from words import CITIES, COLOURS, DAYS, MONTHS, PLACES, THINGS, a, code, invented


@dataclass(frozen=True)
class Tool:
    """A concrete tool with a request that it serves."""

    schema: dict[str, Any]
    request: str
    arguments: dict[str, Any]
    result: dict[str, Any]

    @property
    def name(self) -> str:
        return self.schema["function"]["name"]


_ACTIONS = {
    "find": ("Finds", "Find the {noun} with the {attribute} {value}."),
    "delete": ("Deletes", "Delete the {noun} with the {attribute} {value}."),
    "open": ("Opens", "Open the {noun} with the {attribute} {value}."),
    "move": ("Moves", "Move the {noun} with the {attribute} {value}."),
    "copy": ("Copies", "Copy the {noun} with the {attribute} {value}."),
    "check": ("Checks", "Check the {noun} with the {attribute} {value}."),
    "create": ("Creates", "Create {a_noun} with the {attribute} {value}."),
    "update": ("Updates", "Update the {noun} with the {attribute} {value}."),
    "rent": ("Rents", "Rent {a_noun} with the {attribute} {value}."),
    "clean": ("Cleans", "Clean the {noun} with the {attribute} {value}."),
}
_ATTRIBUTES: dict[str, Callable[[Random], Any]] = {
    "color": one_of(COLOURS),
    "name": any_phrase,
    "code": code,
    "size": whole(1, 200),
    "owner": person_name,
    "number": whole(1, 9999),
    "label": invented,
    "day": one_of(DAYS),
    "city": one_of(CITIES),
}
_RESULTS: dict[str, Callable[[Random], Any]] = {
    "status": one_of("done ready late open closed sent saved".split()),
    "temperature": whole(-15, 38),
    "time": clock_time,
    "sky": one_of("clear cloudy rainy snowy sunny foggy windy".split()),
    "price": whole(1, 400),
    "amount": whole(1, 2000),
    "ticket": code,
    "recipe": any_phrase,
    "title": any_phrase,
    "pages": whole(1, 99),
    "day": one_of(DAYS),
    "translation": invented,
    "result": whole(1, 9999),
    "table": whole(1, 40),
    "month": one_of(MONTHS),
}
_JSON_TYPES = {str: "string", int: "integer"}


_OPTIONAL: dict[str, Any] = {
    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    "limit": {"type": "integer"},
    "verbose": {"type": "boolean"},
    "format": {"type": "string", "enum": ["short", "long"]},
}


def _schema(rng: Random, name: str, about_: str, types: dict[str, str]) -> dict[str, Any]:
    """Sometimes with a description of each parameter, or with an optional parameter that no request fills."""
    properties: dict[str, Any] = {key: {"type": kind} for key, kind in types.items()}
    style = rng.random()
    if style < 0.25:
        for key, value in properties.items():
            value["description"] = f"The {key}."
    elif style < 0.4:
        extra = rng.choice(list(_OPTIONAL))
        properties[extra] = _OPTIONAL[extra]
    parameters = {"type": "object", "properties": properties, "required": list(types)}
    return {"type": "function", "function": {"name": name, "description": about_, "parameters": parameters}}


def _known_tool(rng: Random) -> Tool:
    kind = rng.choice(KINDS)
    names = [rng.choice(parameter.names) for parameter in kind.parameters]
    values = [parameter.value(rng) for parameter in kind.parameters]
    types = {name: parameter.type for name, parameter in zip(names, kind.parameters)}
    result = {key: _RESULTS[key](rng) for key in kind.results}
    return Tool(
        _schema(rng, rng.choice(kind.names), kind.about, types),
        rng.choice(kind.requests).format(*values),
        dict(zip(names, values)),
        result,
    )


def _made_up_tool(rng: Random) -> Tool:
    """From parts: "Finds a lantern by its color."; the noun may be an invented word."""
    action, (does, request) = rng.choice(list(_ACTIONS.items()))
    noun = rng.choice(THINGS) if rng.random() < 0.7 else invented(rng)
    attribute, value_of = rng.choice(list(_ATTRIBUTES.items()))
    value = value_of(rng)
    schema = _schema(
        rng, f"{action}_{noun}", f"{does} {a(noun)} by its {attribute}.", {attribute: _JSON_TYPES[type(value)]}
    )
    text = request.format(noun=noun, a_noun=a(noun), attribute=attribute, value=value)
    key = rng.choice(("status", "result", "place"))
    result = {key: rng.choice(PLACES) if key == "place" else _RESULTS[key](rng)}
    return Tool(schema, text, {attribute: value}, result)


def toolbox(rng: Random, count: int) -> list[Tool]:
    """Tools of different names and different purposes."""
    found: dict[str, Tool] = {}
    while len(found) < count:
        tool = rng.choice((_known_tool, _known_tool, _made_up_tool))(rng)
        found.setdefault(tool.schema["function"]["description"], tool)
    box = list(found.values())
    return box if len({tool.name for tool in box}) == count else toolbox(rng, count)
