"""What a fact can be about: its statement, the ways to ask for it, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from example import is_reserved
from words import (
    ADJECTIVES,
    ANIMALS,
    CITIES,
    COLOURS,
    DAYS,
    FOODS,
    FRUITS,
    JOBS,
    MONTHS,
    NAMES,
    PLACES,
    SURNAMES,
    THINGS,
    a,
    code,
    invented,
)


@dataclass(frozen=True)
class Fact:
    """`statement` goes into the text; `question` has the one right answer `answer`."""

    subject: str
    statement: str
    question: str
    answer: str


def _said(rng: Random, subject: str, statement: str, *questions: str) -> Fact:
    """The fact whose answer is its own statement."""
    return Fact(subject, statement, rng.choice(questions), statement)


def _code(rng: Random) -> Fact:
    kind, thing = rng.choice(("code", "number", "key word", "price")), f"{rng.choice(ADJECTIVES)} {rng.choice(THINGS)}"
    value = {"code": code, "key word": invented, "number": _number, "price": _price}[kind](rng)
    return _said(
        rng,
        f"{kind} {thing}",
        f"The {kind} of the {thing} is {value}.",
        f"What is the {kind} of the {thing}?",
        f"Tell me the {kind} of the {thing}.",
    )


def _number(rng: Random) -> str:
    return str(rng.randrange(10, 10000))


def _price(rng: Random) -> str:
    return f"{rng.randrange(2, 500)} dollars"


def _secret(rng: Random) -> Fact:
    return _said(
        rng, "secret", f"The secret word is {invented(rng)}.", "What is the secret word?", "Tell me the secret word."
    )


def _favourite(rng: Random) -> Fact:
    kind, values = rng.choice(
        (("fruit", FRUITS), ("color", COLOURS), ("animal", ANIMALS), ("food", FOODS), ("day", DAYS))
    )
    name = rng.choice(NAMES)
    return _said(
        rng,
        f"favorite {kind} {name}",
        f"The favorite {kind} of {name} is {rng.choice(values)}.",
        f"What is the favorite {kind} of {name}?",
        f"What is {name}'s favorite {kind}?",
    )


def _home(rng: Random) -> Fact:
    name = rng.choice(NAMES)
    return _said(
        rng,
        f"home {name}",
        f"{name} lives in {rng.choice(CITIES)}.",
        f"Where does {name} live?",
        f"In which city does {name} live?",
    )


def _job(rng: Random) -> Fact:
    name, job = rng.choice(NAMES), rng.choice(JOBS)
    return _said(
        rng, f"job {name}", f"{name} works as {a(job)}.", f"What does {name} work as?", f"What is the job of {name}?"
    )


def _hidden(rng: Random) -> Fact:
    thing = f"{rng.choice(COLOURS)} {rng.choice(THINGS)}"
    return _said(
        rng,
        f"place {thing}",
        f"The {thing} is hidden in the {rng.choice(PLACES)}.",
        f"Where is the {thing} hidden?",
        f"Where is the {thing}?",
        f"Where can I find the {thing}?",
    )


def _birthday(rng: Random) -> Fact:
    name = rng.choice(NAMES)
    return _said(
        rng,
        f"birthday {name}",
        f"The birthday of {name} is {rng.choice(MONTHS)} {rng.randint(1, 28)}.",
        f"When is the birthday of {name}?",
        f"When is {name}'s birthday?",
    )


def _password(rng: Random) -> Fact:
    name = rng.choice(NAMES)
    return _said(
        rng,
        f"password {name}",
        f"The password of {name} is {rng.choice((invented, code))(rng)}.",
        f"What is the password of {name}?",
        f"What is {name}'s password?",
    )


def _train(rng: Random) -> Fact:
    city, time = rng.choice(CITIES), f"{rng.randrange(5, 24)}:{rng.randrange(0, 60, 5):02d}"
    return _said(
        rng,
        f"train {city}",
        f"The train to {city} leaves at {time}.",
        f"When does the train to {city} leave?",
        f"At what time does the train to {city} leave?",
    )


def _count(rng: Random) -> Fact:
    name, thing = rng.choice(NAMES), rng.choice(THINGS + ANIMALS)
    return _said(
        rng,
        f"count {name} {thing}",
        f"The number of {name}'s {thing} is {rng.randint(2, 999)}.",
        f"What is the number of {name}'s {thing}?",
    )


def _surname(rng: Random) -> Fact:
    name = rng.choice(NAMES)
    return _said(
        rng,
        f"surname {name}",
        f"The last name of {name} is {rng.choice(SURNAMES)}.",
        f"What is the last name of {name}?",
        f"What is {name}'s last name?",
    )


def _own(rng: Random) -> Fact:
    """Facts about the user, answered in the second person."""
    kind, value = rng.choice(
        (
            ("name", rng.choice(NAMES)),
            ("favorite color", rng.choice(COLOURS)),
            ("favorite fruit", rng.choice(FRUITS)),
            ("favorite animal", rng.choice(ANIMALS)),
            ("lucky number", str(rng.randrange(1000))),
            ("city", rng.choice(CITIES)),
            ("password", invented(rng)),
            ("dog's name", rng.choice(NAMES)),
        )
    )
    return Fact(f"my {kind}", f"My {kind} is {value}.", f"What is my {kind}?", f"Your {kind} is {value}.")


def _mine(rng: Random) -> Fact:
    """More about the user, in other sentences."""
    animal, name, city, job, day = (rng.choice(words) for words in (ANIMALS, NAMES, CITIES, JOBS, DAYS))
    relative = rng.choice("sister brother aunt uncle cousin friend teacher neighbor".split())
    number, food, colour = rng.randrange(2, 100), rng.choice(FOODS), rng.choice(COLOURS)
    subject, statement, question, answer = rng.choice(
        (
            (
                "my pet",
                f"I have {a(animal)} called {name}.",
                f"What is my {animal} called?",
                f"Your {animal} is called {name}.",
            ),
            ("my home", f"I live in {city}.", "Where do I live?", f"You live in {city}."),
            ("my job", f"I work as {a(job)}.", "What do I work as?", f"You work as {a(job)}."),
            ("my age", f"I am {number} years old.", "How old am I?", f"You are {number} years old."),
            (
                f"my {relative}",
                f"My {relative} is called {name}.",
                f"What is my {relative} called?",
                f"Your {relative} is called {name}.",
            ),
            (
                "my other pet",
                f"My {animal} is called {name}.",
                f"What is my {animal} called?",
                f"Your {animal} is called {name}.",
            ),
            ("my name", f"I am {name}.", "Who am I?", f"You are {name}."),
            ("my dish", f"I like {food}.", "What do I like?", f"You like {food}."),
            ("my trip", f"I travel to {city} on {day}.", "When do I travel?", f"You travel on {day}."),
            ("my car", f"My car is {colour}.", "What color is my car?", f"Your car is {colour}."),
            ("my parking", f"I parked on level {number}.", "Where did I park?", f"You parked on level {number}."),
        )
    )
    return Fact(subject, statement, question, answer)


def _put(rng: Random) -> Fact:
    thing, where = (
        rng.choice(THINGS),
        f"{rng.choice(('in', 'under', 'behind', 'on', 'near'))} the {rng.choice(THINGS + PLACES)}",
    )
    return Fact(
        f"put {thing}",
        f"I put the {thing} {where}.",
        rng.choice((f"Where is the {thing}?", f"Where did I put the {thing}?")),
        f"The {thing} is {where}.",
    )


def _appointment(rng: Random) -> Fact:
    what = rng.choice("concert meeting party dinner lunch game lesson exam flight talk".split())
    hour = rng.choice(
        (
            f"{rng.randint(1, 12)}{rng.choice(('am', 'pm'))}",
            f"{rng.randint(6, 23)}:{rng.choice(('00', '15', '30', '45'))}",
        )
    )
    where = rng.choice((f"room {rng.randint(1, 400)}", f"the {rng.choice(PLACES)}", rng.choice(CITIES)))
    return _said(
        rng,
        f"appointment {what}",
        f"The {what} is at {hour} in {where}.",
        f"When is the {what}?",
        f"Where is the {what}?",
        f"At what time is the {what}?",
    )


def _meeting(rng: Random) -> Fact:
    who, day, place = rng.choice(NAMES), rng.choice(DAYS), rng.choice(PLACES)
    return _said(
        rng,
        f"meeting {who}",
        f"The meeting with {who} is on {day} in the {place}.",
        f"When is the meeting with {who}?",
        f"Where is the meeting with {who}?",
    )


_KINDS = (
    _code,
    _code,
    _code,
    _secret,
    _favourite,
    _favourite,
    _home,
    _job,
    _hidden,
    _hidden,
    _birthday,
    _password,
    _train,
    _count,
    _surname,
    _own,
    _own,
    _mine,
    _mine,
    _meeting,
    _put,
    _appointment,
)


def fact_key(fact: Fact) -> str:
    return f"facts|{fact.subject}|{fact.answer}"


def draw_facts(rng: Random, count: int, reserved: bool = False) -> list[Fact]:
    """Facts about `count` different subjects, all on the asked side of the held-out rule."""
    found: dict[str, Fact] = {}
    while len(found) < count:
        fact = rng.choice(_KINDS)(rng)
        if is_reserved(fact_key(fact)) == reserved:
            found.setdefault(fact.subject, fact)
    return list(found.values())
