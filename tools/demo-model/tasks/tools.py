"""Choosing a tool from the list in the system turn, filling its arguments, and reporting its result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Callable

from example import Example
from tasks.about import about
from tasks.arithmetic import two_digits
from tasks.records import any_phrase, clock_time, one_of, person_name, whole
from words import CITIES, COLOURS, DAYS, FOODS, LEXICON, MONTHS, PLACES, THINGS, a, code, invented


@dataclass(frozen=True)
class Parameter:
    names: tuple[str, ...]
    type: str
    value: Callable[[Random], Any]


@dataclass(frozen=True)
class Kind:
    """A family of tools: names and parameter names vary, so that they must be read, not remembered."""

    names: tuple[str, ...]
    about: str
    parameters: tuple[Parameter, ...]
    requests: tuple[str, ...]
    results: tuple[str, ...]


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


def _p(names: str, type_: str, value: Callable[[Random], Any]) -> Parameter:
    return Parameter(tuple(names.split()), type_, value)


_CITY = _p("city location place town", "string", one_of(CITIES))
_PERSON = _p("name person to recipient contact", "string", person_name)
_KINDS = (
    Kind(("get_weather", "weather", "current_weather", "lookup_weather"), "Gets the weather in a city.", (_CITY,),
         ("What is the weather in {0}?", "How is the weather in {0}?", "Is it raining in {0}?", "Tell me the weather in {0}."),
         ("temperature", "sky")),
    Kind(("get_time", "clock", "time_in_city", "local_time"), "Gets the local time in a city.", (_CITY,),
         ("What time is it in {0}?", "Tell me the time in {0}.", "How late is it in {0}?"), ("time",)),
    Kind(("send_message", "send_text", "message", "write_to"), "Sends a message to a person.",
         (_PERSON, _p("text message body content", "string", any_phrase)),
         ("Send {0} the message '{1}'.", "Write '{1}' to {0}.", "Tell {0}: '{1}'.", "Send a message to {0} saying '{1}'."), ("status",)),
    Kind(("set_alarm", "alarm", "wake_up", "create_alarm"), "Sets an alarm for a time.", (_p("time at hour", "string", clock_time),),
         ("Wake me at {0}.", "Set an alarm for {0}.", "I want to get up at {0}."), ("status",)),
    Kind(("set_timer", "timer", "start_timer", "countdown"), "Starts a timer for some minutes.",
         (_p("minutes duration length", "integer", whole(1, 90)),),
         ("Set a timer for {0} minutes.", "Start a timer of {0} minutes.", "Remind me in {0} minutes."), ("status",)),
    Kind(("add_event", "create_event", "calendar_add", "schedule"), "Adds an event to the calendar.",
         (_p("title event name", "string", any_phrase), _p("day date weekday", "string", one_of(DAYS))),
         ("Add {0} to my calendar on {1}.", "Plan {0} for {1}.", "Put {0} in the calendar for {1}."), ("status",)),
    Kind(("play_music", "play", "play_song", "start_music"), "Plays a song.", (_p("song title track", "string", any_phrase),),
         ("Play the song {0}.", "I want to hear {0}.", "Play {0}, please.", "Put on the song {0}."), ("status",)),
    Kind(("turn_on", "switch_on", "start_device", "power_on"), "Turns on a device.",
         (_p("device thing object", "string", one_of(THINGS)), _p("room place where", "string", one_of(PLACES))),
         ("Turn on the {0} in the {1}.", "Switch on the {0} in the {1}.", "Please turn the {0} in the {1} on."), ("status",)),
    Kind(("set_light", "light_color", "change_light", "lamp"), "Sets the color of the light in a room.",
         (_p("room place area", "string", one_of(PLACES)), _p("color colour shade", "string", one_of(COLOURS))),
         ("Make the light in the {0} {1}.", "Change the light in the {0} to {1}.", "I want {1} light in the {0}."), ("status",)),
    Kind(("book_train", "buy_ticket", "train_ticket", "book_trip"), "Books a train ticket.",
         (_p("from origin start", "string", one_of(CITIES)), _p("to destination end", "string", one_of(CITIES)),
          _p("day date when", "string", one_of(DAYS))),
         ("Book a train from {0} to {1} on {2}.", "I need a ticket from {0} to {1} on {2}.", "On {2} I travel from {0} to {1}."),
         ("ticket", "price")),
    Kind(("order_food", "order", "buy_food", "food_order"), "Orders food.",
         (_p("item food dish", "string", one_of(FOODS)), _p("count quantity amount number", "integer", whole(1, 12))),
         ("Order {1} pieces of {0}.", "I would like {1} pieces of {0}.", "Get me {1} pieces of {0}, please."), ("price", "status")),
    Kind(("find_recipe", "recipe", "search_recipe", "recipes"), "Finds a recipe with an ingredient.",
         (_p("ingredient food with", "string", one_of(FOODS)),),
         ("Find a recipe with {0}.", "What can I cook with {0}?", "Show me a recipe for {0}."), ("recipe",)),
    Kind(("convert_money", "exchange", "currency", "convert_currency"), "Converts an amount of money to another currency.",
         (_p("amount value sum", "integer", whole(1, 999)), _p("currency to target", "string", one_of("euro dollar yen pound franc peso".split()))),
         ("Convert {0} dollars to {1}.", "How much is {0} dollars in {1}?", "Change {0} dollars into {1}."), ("amount",)),
    Kind(("search_web", "search", "web_search", "look_up"), "Searches the web.", (_p("query text words", "string", any_phrase),),
         ("Search the web for {0}.", "Look up {0}.", "Find pages about {0}."), ("title", "pages")),
    Kind(("track_order", "order_status", "find_order", "get_order"), "Gets the state of an order by its code.",
         (_p("order code id number", "string", code),), ("Where is my order {0}?", "Track the order {0}.", "What is the state of order {0}?"),
         ("status", "day")),
    Kind(("call_person", "call", "phone", "dial"), "Calls a person on the phone.", (_PERSON,),
         ("Call {0}.", "Phone {0}, please.", "I want to talk to {0}."), ("status",)),
    Kind(("translate", "translate_word", "translation", "to_language"), "Translates a word into a language.",
         (_p("word text term", "string", one_of(LEXICON)), _p("language to target", "string", one_of("French German Spanish Italian Dutch Polish Greek".split()))),
         ("Translate '{0}' into {1}.", "What is '{0}' in {1}?", "How do you say '{0}' in {1}?"), ("translation",)),
    Kind(("multiply", "times", "product", "multiply_numbers"), "Multiplies two numbers.",
         (_p("a x first", "integer", whole(2, 99)), _p("b y second", "integer", whole(2, 99))),
         ("What is {0} times {1}?", "Multiply {0} by {1}.", "What is {0} * {1}?"), ("result",)),
    Kind(("roll_dice", "dice", "throw_dice", "random_number"), "Rolls a dice with some sides.", (_p("sides faces max", "integer", whole(4, 100)),),
         ("Roll a dice with {0} sides.", "Throw a dice of {0} sides.", "Give me a random number up to {0}."), ("result",)),
    Kind(("save_note", "note", "add_note", "write_note"), "Saves a note.", (_p("text note content", "string", any_phrase),),
         ("Save a note: {0}.", "Note down {0}.", "Write a note that says {0}."), ("status",)),
    Kind(("book_table", "reserve_table", "reserve", "restaurant"), "Reserves a table in a restaurant.",
         (_p("guests people count", "integer", whole(1, 12)), _p("time at hour", "string", clock_time)),
         ("Book a table for {0} at {1}.", "Reserve a table for {0} people at {1}.", "We are {0} and want to eat at {1}."), ("table", "status")),
    Kind(("get_birthday", "birthday", "birthday_of", "find_birthday"), "Gets the birthday of a person.", (_PERSON,),
         ("When is the birthday of {0}?", "When was {0} born?", "Look up the birthday of {0}."), ("month", "day")),
)

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
    "color": one_of(COLOURS), "name": any_phrase, "code": code, "size": whole(1, 200), "owner": person_name,
    "number": whole(1, 9999), "label": invented, "day": one_of(DAYS), "city": one_of(CITIES),
}
_RESULTS: dict[str, Callable[[Random], Any]] = {
    "status": one_of("done ready late open closed sent saved".split()), "temperature": whole(-15, 38), "time": clock_time,
    "sky": one_of("clear cloudy rainy snowy sunny foggy windy".split()), "price": whole(1, 400), "amount": whole(1, 2000),
    "ticket": code, "recipe": any_phrase, "title": any_phrase, "pages": whole(1, 99), "day": one_of(DAYS), "translation": invented,
    "result": whole(1, 9999), "table": whole(1, 40), "month": one_of(MONTHS),
}
_JSON_TYPES = {str: "string", int: "integer"}


_OPTIONAL: dict[str, Any] = {
    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}, "limit": {"type": "integer"}, "verbose": {"type": "boolean"},
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
    kind = rng.choice(_KINDS)
    names = [rng.choice(parameter.names) for parameter in kind.parameters]
    values = [parameter.value(rng) for parameter in kind.parameters]
    types = {name: parameter.type for name, parameter in zip(names, kind.parameters)}
    result = {key: _RESULTS[key](rng) for key in kind.results}
    return Tool(_schema(rng, rng.choice(kind.names), kind.about, types), rng.choice(kind.requests).format(*values),
                dict(zip(names, values)), result)


def _made_up_tool(rng: Random) -> Tool:
    """From parts: "Finds a lantern by its color."; the noun may be an invented word."""
    action, (does, request) = rng.choice(list(_ACTIONS.items()))
    noun = rng.choice(THINGS) if rng.random() < 0.7 else invented(rng)
    attribute, value_of = rng.choice(list(_ATTRIBUTES.items()))
    value = value_of(rng)
    schema = _schema(rng, f"{action}_{noun}", f"{does} {a(noun)} by its {attribute}.", {attribute: _JSON_TYPES[type(value)]})
    text = request.format(noun=noun, a_noun=a(noun), attribute=attribute, value=value)
    key = rng.choice(("status", "result", "place"))
    result = {key: rng.choice(PLACES) if key == "place" else _RESULTS[key](rng)}
    return Tool(schema, text, {attribute: value}, result)


def _toolbox(rng: Random, count: int) -> list[Tool]:
    """Tools of different names and different purposes."""
    found: dict[str, Tool] = {}
    while len(found) < count:
        tool = rng.choice((_known_tool, _known_tool, _made_up_tool))(rng)
        found.setdefault(tool.schema["function"]["description"], tool)
    box = list(found.values())
    return box if len({tool.name for tool in box}) == count else _toolbox(rng, count)


def _call(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "arguments": tool.arguments}


def call_text(call: dict[str, Any]) -> str:
    return f"<tool_call>\n{json.dumps(call)}\n</tool_call>"


def _report(result: dict[str, Any]) -> str:
    return "The " + " and the ".join(f"{key} is {value}" for key, value in result.items()) + "."


NO_TOOL = "I have no tool for that."


def _called(rng: Random) -> tuple[Tool, list[dict[str, Any]], list[dict[str, Any]]]:
    """The tool to call, the messages up to the call, and all the listed tools."""
    box = _toolbox(rng, rng.choice((1, 2, 2, 3, 3, 4)))
    tool = rng.choice(box)
    messages = [{"role": "user", "content": tool.request}, {"role": "assistant", "content": call_text(_call(tool))}]
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
    *box, missing = _toolbox(rng, rng.choice((2, 3, 4)))
    tools = [tool.schema for tool in box]
    if rng.random() < 0.5:
        plain = rng.choice((about, two_digits))(rng)
        return Example("no-tool", plain.key, plain.messages, tools=tools)
    messages = [{"role": "user", "content": missing.request}, {"role": "assistant", "content": NO_TOOL}]
    return Example("no-tool", "no-tool|" + missing.request, messages, tools=tools)
