"""A JSON object from a sentence, with the keys that were asked for, in that order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Callable

from example import Example, ask
from phrasing import phrase
from words import (
    ADJECTIVES,
    ANIMALS,
    CITIES,
    COLOURS,
    DAYS,
    FOODS,
    JOBS,
    MONTHS,
    NAMES,
    OTHER_WORDS,
    PEOPLE_WORDS,
    PLACES,
    SURNAMES,
    THINGS,
    a,
    code,
    email,
    invented,
    listed,
)

Field = Callable[[Random], Any]


def one_of(words: list[str]) -> Field:
    return lambda rng: rng.choice(words)


def whole(low: int, high: int) -> Field:
    return lambda rng: rng.randint(low, high)


def person_name(rng: Random) -> str:
    first = rng.choice(NAMES) if rng.random() < 0.8 else invented(rng).capitalize()
    return first if rng.random() < 0.4 else f"{first} {rng.choice(SURNAMES)}"


def clock_time(rng: Random) -> str:
    return f"{rng.randrange(24)}:{rng.choice(('00', '15', '20', '30', '45', '50'))}"


def any_word(rng: Random) -> str:
    return rng.choice(OTHER_WORDS) if rng.random() < 0.6 else invented(rng)


def any_phrase(rng: Random) -> str:
    return " ".join(any_word(rng) for _ in range(rng.choice((1, 1, 2, 3))))


@dataclass(frozen=True)
class Record:
    fields: dict[str, Field]
    sentences: tuple[str, ...]


RECORDS = (
    Record(
        {"name": person_name, "age": whole(3, 99), "city": one_of(CITIES)},
        (
            "{name} is {age} years old and lives in {city}.",
            "{name}, {age}, lives in {city}.",
            "In {city} lives {name}, who is {age} years old.",
            "My name is {name}, I am {age} and I live in {city}.",
        ),
    ),
    Record(
        {"name": person_name, "job": one_of(JOBS), "city": one_of(CITIES), "age": whole(18, 80)},
        (
            "{name} is {a_job} from {city}, aged {age}.",
            "{name} works as {a_job} in {city} and is {age} years old.",
            "Meet {name}, {a_job} of {age} who lives in {city}.",
        ),
    ),
    Record(
        {"item": one_of(THINGS), "color": one_of(COLOURS), "price": whole(1, 900)},
        (
            "The {color} {item} costs {price} dollars.",
            "A {color} {item} is on sale for {price} dollars.",
            "We sell a {color} {item} at a price of {price} dollars.",
        ),
    ),
    Record(
        {"item": one_of(FOODS), "count": whole(1, 99), "shop": any_word},
        (
            "Please order {count} of the {item} from the shop {shop}.",
            "I bought {item}, {count} pieces, at {shop}.",
            "At the shop {shop} they had {count} pieces of {item}.",
        ),
    ),
    Record(
        {"event": any_phrase, "day": one_of(DAYS), "time": clock_time, "place": one_of(PLACES)},
        (
            "The {event} meeting is on {day} at {time} in the {place}.",
            "On {day} at {time} there is a {event} meeting in the {place}.",
            "Come to the {place} on {day}: the {event} meeting starts at {time}.",
        ),
    ),
    Record(
        {
            "city": one_of(CITIES),
            "temperature": whole(-20, 40),
            "sky": one_of("clear cloudy rainy snowy sunny foggy windy".split()),
        },
        (
            "It is {sky} in {city} and the temperature is {temperature} degrees.",
            "In {city} it is {temperature} degrees and {sky}.",
            "{city}: {sky}, {temperature} degrees.",
        ),
    ),
    Record(
        {"from": one_of(CITIES), "to": one_of(CITIES), "day": one_of(DAYS), "seats": whole(1, 9)},
        (
            "Book {seats} seats from {from} to {to} on {day}.",
            "We travel from {from} to {to} on {day} and need {seats} seats.",
            "On {day} I need {seats} seats on the train from {from} to {to}.",
        ),
    ),
    Record(
        {"animal": one_of(ANIMALS), "name": one_of(NAMES), "age": whole(1, 20), "color": one_of(COLOURS)},
        (
            "{name} is a {color} {animal} and {age} years old.",
            "Our {animal} is called {name}; it is {color} and {age} years old.",
            "The {color} {animal} named {name} is {age} years old.",
        ),
    ),
    Record(
        {"title": any_phrase, "author": person_name, "pages": whole(20, 900), "year": whole(1800, 2025)},
        (
            "The book {title} by {author} has {pages} pages and came out in {year}.",
            "{author} wrote {title} in {year}; it has {pages} pages.",
            "In {year} {author} published {title}, a book of {pages} pages.",
        ),
    ),
    Record(
        {"order": code, "customer": person_name, "total": whole(5, 2000), "paid": lambda rng: rng.random() < 0.5},
        (
            "Order {order} of {customer} comes to {total} dollars and is {paid_word}.",
            "{customer} has the order {order}, which is {paid_word}: {total} dollars.",
        ),
    ),
    Record(
        {"sender": person_name, "receiver": person_name, "subject": any_phrase},
        (
            "{sender} wrote to {receiver} about {subject}.",
            "A letter about {subject} came from {sender} for {receiver}.",
            "{receiver} got a message from {sender} about {subject}.",
        ),
    ),
    Record(
        {"room": whole(1, 500), "guest": person_name, "nights": whole(1, 14), "month": one_of(MONTHS)},
        (
            "{guest} stays in room {room} for {nights} nights in {month}.",
            "In {month}, room {room} is taken by {guest} for {nights} nights.",
        ),
    ),
    Record(
        {"thing": one_of(THINGS), "quality": one_of(ADJECTIVES), "owner": one_of(PEOPLE_WORDS)},
        ("The {owner} has a very {quality} {thing}.", "That {thing} of the {owner} is {quality}."),
    ),
)

_WITH_KEYS = (
    "Turn this into JSON with the keys {k}: {s}",
    "Extract {k} as JSON: {s}",
    "Give me {k} as a JSON object: {s}",
    "Make a JSON object with {k} from this sentence: {s}",
    "{s} Write {k} as JSON.",
    "Read this: {s}\nAnswer with a JSON object with the keys {k}.",
)
_ALL_KEYS = (
    "Turn this into JSON: {s}",
    "Write this as JSON: {s}",
    "Convert to JSON: {s}",
    "Make a JSON object from this: {s}",
    "JSON please: {s}",
    "JSON: {s}",
    "{s} As JSON, please.",
)


_KEYS: dict[str, Field] = {
    "color": one_of(COLOURS),
    "size": whole(1, 300),
    "owner": person_name,
    "name": any_word,
    "code": code,
    "weight": whole(1, 999),
    "price": whole(1, 999),
    "city": one_of(CITIES),
    "day": one_of(DAYS),
    "month": one_of(MONTHS),
    "shape": any_word,
    "age": whole(1, 99),
    "height": whole(1, 300),
    "kind": any_word,
    "count": whole(1, 99),
    "place": one_of(PLACES),
    "label": invented,
    "start": clock_time,
    "score": whole(0, 100),
    "level": whole(1, 20),
    "food": one_of(FOODS),
    "animal": one_of(ANIMALS),
    "job": one_of(JOBS),
    "email": email,
    "phone": whole(1000, 99999),
    "title": any_phrase,
}


def _free_record(rng: Random) -> tuple[str, dict[str, Any]]:
    """A sentence that names its own keys; some keys are invented."""
    names = rng.sample(list(_KEYS), rng.randint(2, 5))
    values = {name if rng.random() < 0.85 else invented(rng): _KEYS[name](rng) for name in names}
    pairs = [f"{name} {value}" for name, value in values.items()]
    thing = rng.choice(THINGS + ANIMALS)
    return (
        rng.choice(
            (
                f"The {thing} has the {listed(pairs)}.",
                f"There is {a(thing)} with {listed(pairs)}.",
                ", ".join(pairs),
                ", ".join(pairs) + ".",
                ", ".join(f"{name}: {value}" for name, value in values.items()) + ".",
                " ".join(f"The {name} of the {thing} is {value}." for name, value in values.items()),
            )
        ),
        values,
    )


def _known_record(rng: Random) -> tuple[str, dict[str, Any]]:
    kind = rng.choice(RECORDS)
    values = {name: field(rng) for name, field in kind.fields.items()}
    spoken = {"a_job": a(str(values.get("job", "x"))), "paid_word": "paid" if values.get("paid") else "not paid"}
    return rng.choice(kind.sentences).format(**values, **spoken), values


def record(rng: Random) -> Example:
    sentence, values = rng.choice((_known_record, _known_record, _free_record))(rng)
    names = list(values)
    if rng.random() < 0.3:
        question = phrase(rng, _ALL_KEYS, s=sentence)
    else:
        names = rng.sample(names, rng.randint(min(2, len(names)), len(names)))
        before, after = rng.choice((("", ""), ("", ""), ("the ", ""), ('"', '"')))
        question = phrase(rng, _WITH_KEYS, s=sentence, k=listed([before + name + after for name in names]))
    answer = {name: values[name] for name in names}
    return ask("json", sentence, question, json.dumps(answer), check="json-equal", expected=answer)
