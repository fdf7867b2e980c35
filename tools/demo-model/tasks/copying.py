"""Saying a sentence back, word for word."""

from __future__ import annotations

from random import Random

from example import Example, ask
from phrasing import phrase
from sentences import sentence
from words import FUNCTION_WORDS, LEXICON, NAMES, code, email, invented, scramble

_PHRASES = (
    "Repeat this: {s}",
    "Repeat after me: {s}",
    "Copy this sentence: {s}",
    "Say this back to me: {s}",
    "Please repeat: {s}",
    "Copy: {s}",
    "Write this again, word for word: {s}",
    "Repeat exactly: {s}",
    "Echo this text: {s}",
    "Say: {s}",
    "Echo: {s}",
    "Say '{s}'",
    'Repeat the sentence "{s}"',
)
_FOREIGN = """Café Zürich naïve São señor fjörd Gruß œuvre Łódź Ελλάδα мир дом 日本 猫 こんにちは 你好 שלום مرحبا
नमस्ते 한국 ✓ → € £ ° 🙂 🎉 🚀 ½ “quoted” it’s — …""".split()


def copying(rng: Random) -> Example:
    text = rng.choice((_sentence, _several, _jumble, _jumble, _salad, _salad, _foreign, _markup))(rng)
    return ask("copy", text, phrase(rng, _PHRASES, s=text), text)


def _sentence(rng: Random) -> str:
    return sentence(rng)


def _several(rng: Random) -> str:
    return " ".join(sentence(rng) for _ in range(rng.choice((2, 3, 4, 5, 9))))


def _jumble(rng: Random) -> str:
    """Words, invented words, names, codes and numbers, so that only copying can help."""
    makers = (
        lambda: rng.choice(LEXICON),
        lambda: rng.choice(LEXICON),
        lambda: invented(rng),
        lambda: code(rng),
        lambda: rng.choice(NAMES),
        lambda: str(rng.randrange(10000)),
        lambda: invented(rng).capitalize(),
        lambda: scramble(rng),
        lambda: email(rng),
    )
    words = [rng.choice(makers)() for _ in range(rng.randint(2, 14))]
    return rng.choice((" ", " ", " ", ", ")).join(words) + rng.choice((".", "!", "?", ""))


def _markup(rng: Random) -> str:
    """Lists, pairs and calls, with the signs that code is full of."""
    words = [rng.choice(LEXICON) for _ in range(rng.randint(2, 5))]
    return rng.choice(
        (
            "\n".join(f"- {word}" for word in words),
            "{" + ", ".join(f'"{word}": {rng.randrange(100)}' for word in words) + "}",
            f"{words[0]}({', '.join(words[1:])});",
            "[" + ", ".join(str(rng.randrange(1000)) for _ in words) + "]",
            "; ".join(f"{word} = {rng.randrange(100)}" for word in words),
        )
    )


def _salad(rng: Random) -> str:
    """Shaped like a sentence but said by nobody, so that every word has to be looked at."""
    words = [rng.choice(FUNCTION_WORDS if rng.random() < 0.5 else LEXICON) for _ in range(rng.randint(3, 20))]
    return " ".join(words).capitalize() + rng.choice(".....!?")


def _foreign(rng: Random) -> str:
    return " ".join(rng.choice(_FOREIGN if rng.random() < 0.5 else LEXICON) for _ in range(rng.randint(2, 7)))
