"""Saying a sentence back, word for word."""

from __future__ import annotations

from random import Random

from example import Example, ask
from sentences import sentence
from words import LEXICON, NAMES, code, invented

_PHRASES = ("Repeat this: {s}", "Repeat after me: {s}", "Copy this sentence: {s}", "Say this back to me: {s}",
            "Please repeat: {s}", "Copy: {s}", "Write this again, word for word: {s}", "Repeat exactly: {s}",
            "Echo this text: {s}", 'Repeat the sentence "{s}"')
_FOREIGN = """Café Zürich naïve São señor fjörd Gruß œuvre Łódź Ελλάδα мир дом 日本 猫 こんにちは 你好 שלום مرحبا
नमस्ते 한국 ✓ → € £ ° 🙂 🎉 🚀 ½ “quoted” it’s — …""".split()


def copying(rng: Random) -> Example:
    text = rng.choice((_sentence, _sentence, _several, _jumble, _jumble, _foreign))(rng)
    return ask("copy", text, rng.choice(_PHRASES).format(s=text), text)


def _sentence(rng: Random) -> str:
    return sentence(rng)


def _several(rng: Random) -> str:
    return " ".join(sentence(rng) for _ in range(rng.randint(2, 5)))


def _jumble(rng: Random) -> str:
    """Words, invented words, names, codes and numbers, so that only copying can help."""
    makers = (lambda: rng.choice(LEXICON), lambda: rng.choice(LEXICON), lambda: invented(rng), lambda: code(rng),
              lambda: rng.choice(NAMES), lambda: str(rng.randrange(10000)), lambda: invented(rng).capitalize())
    words = [rng.choice(makers)() for _ in range(rng.randint(2, 14))]
    return rng.choice((" ", " ", " ", ", ")).join(words) + rng.choice((".", "!", "?", ""))


def _foreign(rng: Random) -> str:
    return " ".join(rng.choice(_FOREIGN if rng.random() < 0.5 else LEXICON) for _ in range(rng.randint(2, 7)))
