"""The tools that the requests are about. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Callable

from tasks.records import any_phrase, clock_time, one_of, person_name, whole
from words import CITIES, COLOURS, DAYS, FOODS, LEXICON, PLACES, THINGS, code


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


def _p(names: str, type_: str, value: Callable[[Random], Any]) -> Parameter:
    return Parameter(tuple(names.split()), type_, value)


_CITY = _p("city location place town", "string", one_of(CITIES))
_PERSON = _p("name person to recipient contact", "string", person_name)
KINDS = (
    Kind(
        ("get_weather", "weather", "current_weather", "lookup_weather"),
        "Gets the weather in a city.",
        (_CITY,),
        (
            "What is the weather in {0}?",
            "How is the weather in {0}?",
            "Is it raining in {0}?",
            "Tell me the weather in {0}.",
        ),
        ("temperature", "sky"),
    ),
    Kind(
        ("get_time", "clock", "time_in_city", "local_time"),
        "Gets the local time in a city.",
        (_CITY,),
        ("What time is it in {0}?", "Tell me the time in {0}.", "How late is it in {0}?"),
        ("time",),
    ),
    Kind(
        ("send_message", "send_text", "message", "write_to"),
        "Sends a message to a person.",
        (_PERSON, _p("text message body content", "string", any_phrase)),
        (
            "Send {0} the message '{1}'.",
            "Write '{1}' to {0}.",
            "Tell {0}: '{1}'.",
            "Send a message to {0} saying '{1}'.",
        ),
        ("status",),
    ),
    Kind(
        ("set_alarm", "alarm", "wake_up", "create_alarm"),
        "Sets an alarm for a time.",
        (_p("time at hour", "string", clock_time),),
        ("Wake me at {0}.", "Set an alarm for {0}.", "I want to get up at {0}."),
        ("status",),
    ),
    Kind(
        ("set_timer", "timer", "start_timer", "countdown"),
        "Starts a timer for some minutes.",
        (_p("minutes duration length", "integer", whole(1, 90)),),
        ("Set a timer for {0} minutes.", "Start a timer of {0} minutes.", "Remind me in {0} minutes."),
        ("status",),
    ),
    Kind(
        ("add_event", "create_event", "calendar_add", "schedule"),
        "Adds an event to the calendar.",
        (_p("title event name", "string", any_phrase), _p("day date weekday", "string", one_of(DAYS))),
        ("Add {0} to my calendar on {1}.", "Plan {0} for {1}.", "Put {0} in the calendar for {1}."),
        ("status",),
    ),
    Kind(
        ("play_music", "play", "play_song", "start_music"),
        "Plays a song.",
        (_p("song title track", "string", any_phrase),),
        ("Play the song {0}.", "I want to hear {0}.", "Play {0}, please.", "Put on the song {0}."),
        ("status",),
    ),
    Kind(
        ("turn_on", "switch_on", "start_device", "power_on"),
        "Turns on a device.",
        (_p("device thing object", "string", one_of(THINGS)), _p("room place where", "string", one_of(PLACES))),
        ("Turn on the {0} in the {1}.", "Switch on the {0} in the {1}.", "Please turn the {0} in the {1} on."),
        ("status",),
    ),
    Kind(
        ("set_light", "light_color", "change_light", "lamp"),
        "Sets the color of the light in a room.",
        (_p("room place area", "string", one_of(PLACES)), _p("color colour shade", "string", one_of(COLOURS))),
        ("Make the light in the {0} {1}.", "Change the light in the {0} to {1}.", "I want {1} light in the {0}."),
        ("status",),
    ),
    Kind(
        ("book_train", "buy_ticket", "train_ticket", "book_trip"),
        "Books a train ticket.",
        (
            _p("from origin start", "string", one_of(CITIES)),
            _p("to destination end", "string", one_of(CITIES)),
            _p("day date when", "string", one_of(DAYS)),
        ),
        (
            "Book a train from {0} to {1} on {2}.",
            "I need a ticket from {0} to {1} on {2}.",
            "On {2} I travel from {0} to {1}.",
        ),
        ("ticket", "price"),
    ),
    Kind(
        ("order_food", "order", "buy_food", "food_order"),
        "Orders food.",
        (_p("item food dish", "string", one_of(FOODS)), _p("count quantity amount number", "integer", whole(1, 12))),
        ("Order {1} pieces of {0}.", "I would like {1} pieces of {0}.", "Get me {1} pieces of {0}, please."),
        ("price", "status"),
    ),
    Kind(
        ("find_recipe", "recipe", "search_recipe", "recipes"),
        "Finds a recipe with an ingredient.",
        (_p("ingredient food with", "string", one_of(FOODS)),),
        ("Find a recipe with {0}.", "What can I cook with {0}?", "Show me a recipe for {0}."),
        ("recipe",),
    ),
    Kind(
        ("convert_money", "exchange", "currency", "convert_currency"),
        "Converts an amount of money to another currency.",
        (
            _p("amount value sum", "integer", whole(1, 999)),
            _p("currency to target", "string", one_of("euro dollar yen pound franc peso".split())),
        ),
        ("Convert {0} dollars to {1}.", "How much is {0} dollars in {1}?", "Change {0} dollars into {1}."),
        ("amount",),
    ),
    Kind(
        ("search_web", "search", "web_search", "look_up"),
        "Searches the web.",
        (_p("query text words", "string", any_phrase),),
        ("Search the web for {0}.", "Look up {0}.", "Find pages about {0}."),
        ("title", "pages"),
    ),
    Kind(
        ("track_order", "order_status", "find_order", "get_order"),
        "Gets the state of an order by its code.",
        (_p("order code id number", "string", code),),
        ("Where is my order {0}?", "Track the order {0}.", "What is the state of order {0}?"),
        ("status", "day"),
    ),
    Kind(
        ("call_person", "call", "phone", "dial"),
        "Calls a person on the phone.",
        (_PERSON,),
        ("Call {0}.", "Phone {0}, please.", "I want to talk to {0}."),
        ("status",),
    ),
    Kind(
        ("translate", "translate_word", "translation", "to_language"),
        "Translates a word into a language.",
        (
            _p("word text term", "string", one_of(LEXICON)),
            _p("language to target", "string", one_of("French German Spanish Italian Dutch Polish Greek".split())),
        ),
        ("Translate '{0}' into {1}.", "What is '{0}' in {1}?", "How do you say '{0}' in {1}?"),
        ("translation",),
    ),
    Kind(
        ("multiply", "times", "product", "multiply_numbers"),
        "Multiplies two numbers.",
        (_p("a x first", "integer", whole(2, 99)), _p("b y second", "integer", whole(2, 99))),
        ("What is {0} times {1}?", "Multiply {0} by {1}.", "What is {0} * {1}?"),
        ("result",),
    ),
    Kind(
        ("roll_dice", "dice", "throw_dice", "random_number"),
        "Rolls a dice with some sides.",
        (_p("sides faces max", "integer", whole(4, 100)),),
        ("Roll a dice with {0} sides.", "Throw a dice of {0} sides.", "Give me a random number up to {0}."),
        ("result",),
    ),
    Kind(
        ("save_note", "note", "add_note", "write_note"),
        "Saves a note.",
        (_p("text note content", "string", any_phrase),),
        ("Save a note: {0}.", "Note down {0}.", "Write a note that says {0}."),
        ("status",),
    ),
    Kind(
        ("book_table", "reserve_table", "reserve", "restaurant"),
        "Reserves a table in a restaurant.",
        (_p("guests people count", "integer", whole(1, 12)), _p("time at hour", "string", clock_time)),
        (
            "Book a table for {0} at {1}.",
            "Reserve a table for {0} people at {1}.",
            "We are {0} and want to eat at {1}.",
        ),
        ("table", "status"),
    ),
    Kind(
        ("get_birthday", "birthday", "birthday_of", "find_birthday"),
        "Gets the birthday of a person.",
        (_PERSON,),
        ("When is the birthday of {0}?", "When was {0} born?", "Look up the birthday of {0}."),
        ("month", "day"),
    ),
)
