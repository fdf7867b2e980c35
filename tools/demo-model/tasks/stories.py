"""Very short stories from a grammar: who, where, a wish, a trouble, a helper, an end."""

from __future__ import annotations

from random import Random

from example import Example, ask
from words import ANIMALS, COLOURS, FOODS, NAMES, a

_HEROES = (
    [animal for animal in ANIMALS if animal not in ("bird", "hound", "fish", "wasp", "worm")]
    + """robot wizard princess pirate
knight giant ghost gardener sailor baker astronaut girl boy queen king miller painter cloud snowman witch""".split()
)
_TOPICS = "friendship courage kindness patience hope luck honesty trust joy wonder sharing winter summer music".split()
_TRAITS = (
    "brave shy curious clever sleepy cheerful quiet stubborn gentle proud patient merry generous honest hopeful".split()
)
_SCENES = {
    "forest": ("among the tall trees", "the moss", "the branches"),
    "meadow": ("in the high grass", "the grass", "the flowers"),
    "swamp": ("close to the water", "the stones", "the reeds"),
    "canyon": ("near the top", "the rocks", "the snow"),
    "bay": ("by the warm sea", "the sand", "the palms"),
    "village": ("behind the last house", "the square", "the roofs"),
    "castle": ("in the high tower", "the stairs", "the walls"),
    "garden": ("under the apple tree", "the path", "the roses"),
    "harbor": ("beside the blue boats", "the planks", "the nets"),
    "desert": ("between the dunes", "the sand", "the dunes"),
    "park": ("near the pond", "the pebbles", "the mist"),
    "cave": ("deep under the hill", "the floor", "the shadows"),
    "library": ("between the shelves", "the carpet", "the books"),
    "lighthouse": ("up the winding stairs", "the steps", "the waves"),
    "orchard": ("below the pear trees", "the leaves", "the fruit"),
    "valley": ("next to the mill", "the road", "the hills"),
}
_OBJECTS = """lantern bell map key kite drum boat flute coin ribbon book mirror compass feather shell hat button
whistle letter scarf basket candle stone seed clock crown puppet telescope umbrella violin""".split()

_OPENINGS = (
    "Once upon a time, {a_hero} named {name} lived in {art_place}, {where}.",
    "{name} was {a_trait_hero} who lived {where} in {art_place}.",
    "In {art_place}, {where}, there lived {a_trait_hero} named {name}.",
    "Long ago, {a_trait_hero} called {name} had a home in {art_place}.",
    "There once was {a_hero} named {name}, the most {trait} of all in the {place}.",
    "Every morning {name}, {a_trait_hero}, went for a walk {where} in the {place}.",
)
_WISHES = (
    "More than anything, {name} wanted to find {a_object}.",
    "{name} owned nothing but {a_colour_object} and loved it.",
    "One day {name} found {a_colour_object} under {ground}.",
    "One evening {name} heard about a lost {object}.",
    "{name} dreamed every night of {a_colour_object}.",
    "For a whole year {name} had been making {a_object}.",
    "On a rainy day {name} saw {a_colour_object} shining on {ground}.",
    "{name} kept {a_object} that had once been a gift.",
)
_TROUBLES = (
    "But a strong wind came and carried the {object} away.",
    "But the {object} fell into a deep hole.",
    "Then a storm came over {around}, and the {object} was gone.",
    "But in the dark the {object} could not be found.",
    "Sadly, the {object} broke in two.",
    "But a sly magpie took the {object} and flew off.",
    "Then {name} slipped, and the {object} rolled away over {ground}.",
    "But {name} lost the way, and night was near.",
    "But the {object} was too heavy to carry home.",
    "Then a thick fog hid everything, even {around}.",
)
_FEELINGS = (
    "{name} sat down and did not know what to do.",
    "{name} felt very small.",
    "{name} looked everywhere, twice.",
    '"Oh no," whispered {name}.',
    '"I will not give up," said {name}.',
    "{name} took a deep breath and thought hard.",
    "A few tears fell on {ground}.",
    '"What now?" asked {name}.',
    "{name} called out, but only {around} answered.",
)
_HELPERS = (
    "Just then {a_helper} named {friend} came by.",
    "{friend}, {a_helper} from next door, heard the noise and came to help.",
    "Behind {around} sat {a_helper} who had seen it all. It was {friend}.",
    "Soon {a_helper} called {friend} stopped to listen.",
    "Luckily, {friend} the {helper} was on the way home.",
    '"Can I help?" asked {a_helper}. Its name was {friend}.',
)
_DEEDS = (
    "Together they searched until the moon was high.",
    "{friend} knew a secret path, and they followed it.",
    "They shared some {food} and made a plan.",
    "{friend} climbed up and looked over {around}.",
    "They worked side by side all night.",
    '"Two heads are better than one," said {friend}.',
    "They asked everyone in the {place}, one after another.",
    "{friend} tied a long rope, and they both pulled.",
    "With a lot of patience and a little {food}, they tried again.",
    "Step by step they crossed {ground}.",
)
_SOLUTIONS = (
    "At last they found the {object}, and it was as good as new.",
    "In the end the {object} was safe again.",
    "When the sun rose, the {object} lay right in front of them.",
    "Finally {name} held the {object} once more.",
    "And there, between two stones, was the {object}.",
    "Before long the {object} was back where it belonged.",
)
_ENDINGS = (
    "From that day on, {name} and {friend} were best friends.",
    "{name} gave the {object} to {friend}, and both were happy.",
    "That evening they ate {food} and laughed until they fell asleep.",
    "And whenever the wind blows in the {place}, they tell this story.",
    "{name} learned that it is good to ask for help.",
    "Since then the {object} hangs above the door, for all to see.",
    '"Thank you," said {name}, and the whole {place} was glad.',
    "And {name} was never lonely again.",
    "They still meet there every {day_time}, to share {food} and stories.",
)
_TOPIC_ENDINGS = (
    "And so {name} learned what {topic} is.",
    "It was a day of {topic}, and {name} never forgot it.",
    '"This is what {topic} means," said {friend}.',
    "From then on, {name} believed in {topic}.",
)
_PHRASES = (
    ("Tell me a story about {topic}.", ("topic",)),
    ("Write a short story about {topic}.", ("topic",)),
    ("Do you know a story about {a_hero}?", ("hero",)),
    ("Story about {a_hero}", ("hero",)),
    ("tell me a story about {a_hero}", ("hero",)),
    ("Tell me a story about {a_hero} and {a_helper}.", ("hero", "helper")),
    ("A story with {a_hero}, please.", ("hero",)),
    ("Tell me a story about {a_trait_hero} who finds {a_object}.", ("hero", "object")),
    ("Tell me another story.", ()),
    ("One more story, please.", ()),
    ("A short story about {name}, please.", ("name",)),
    ("Tell me a story.", ()),
    ("Tell me a short story.", ()),
    ("Write a short story.", ()),
    ("A story, please!", ()),
    ("Tell me a story about {a_hero}.", ("hero",)),
    ("Tell me a short story about {a_hero}.", ("hero",)),
    ("Write a short story about {a_hero} and {a_object}.", ("hero", "object")),
    ("Tell me a story about {a_hero} named {name}.", ("hero", "name")),
    ("Write a story about {name} the {hero}.", ("hero", "name")),
    ("Can you tell me a story about {a_object}?", ("object",)),
    ("Tell me a story about {a_hero} in {art_place}.", ("hero", "place")),
    ("Write a very short story about {a_trait_hero}.", ("hero",)),
    ("I would like a story about {name} and {friend}.", ("name", "friend")),
    ("Tell me about {a_hero} who lived in {art_place}.", ("hero", "place")),
    ("Tell me a bedtime story about {a_hero}, please.", ("hero",)),
    ("Make up a story with {a_hero}, {a_helper} and {a_object}.", ("hero", "helper", "object")),
)


def _slots(rng: Random) -> dict[str, str]:
    hero, helper = rng.sample(_HEROES, 2)
    name, friend = rng.sample(NAMES, 2)
    place, (where, ground, around) = rng.choice(list(_SCENES.items()))
    thing, trait, colour = rng.choice(_OBJECTS), rng.choice(_TRAITS), rng.choice(COLOURS)
    return {
        "hero": hero,
        "helper": helper,
        "name": name,
        "friend": friend,
        "place": place,
        "where": where,
        "ground": ground,
        "around": around,
        "object": thing,
        "trait": trait,
        "food": rng.choice(FOODS),
        "a_hero": a(hero),
        "a_helper": a(helper),
        "a_object": a(thing),
        "art_place": a(place),
        "a_trait_hero": f"{a(trait)} {hero}",
        "a_colour_object": f"{a(colour)} {thing}",
        "topic": rng.choice(_TOPICS),
        "day_time": rng.choice(("morning", "evening", "Sunday", "spring")),
    }


def _tale(rng: Random, slots: dict[str, str], endings: tuple[str, ...]) -> str:
    lines = [
        rng.choice(_OPENINGS),
        rng.choice(_WISHES),
        rng.choice(_TROUBLES),
        rng.choice(_FEELINGS),
        rng.choice(_HELPERS),
        *rng.sample(_DEEDS, rng.choice((1, 1, 2))),
        rng.choice(_SOLUTIONS),
        rng.choice(endings),
    ]
    return " ".join(line.format(**slots) for line in lines)


def story(rng: Random) -> Example:
    slots = _slots(rng)
    phrase, asked = rng.choice(_PHRASES)
    question = phrase.format(**slots)
    mentions = [slots[slot] for slot in asked]
    tale = _tale(rng, slots, _TOPIC_ENDINGS if "topic" in asked else _ENDINGS)
    return ask("story", question, question, tale, check="story", expected={"mentions": mentions})
