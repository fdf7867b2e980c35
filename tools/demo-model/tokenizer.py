"""A byte-level BPE in plain Python: training, encoding, and the `tokenizer.json` that describes both.

python3 tokenizer.py FOLDER    trains it and writes FOLDER/tokenizer.json
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable

from chat import MARKERS, SPECIAL, TURN_END
from corpus import SEED, conversation, shard_rng

VOCAB_SIZE = 1536
TRAINING_CONVERSATIONS = 24_000
# ASCII classes only, so that every regex engine splits alike. Each digit stands alone.
SPLIT = r"[0-9]| ?[A-Za-z]+| ?[^A-Za-z0-9 \t\r\n]+|[ \t\r\n]+(?![^ \t\r\n])|[ \t\r\n]+"

Pair = tuple[str, str]


def byte_alphabet() -> dict[int, str]:
    """GPT-2's printable stand-in for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + n) for n, byte in enumerate(hidden)}}


_ALPHABET = byte_alphabet()


def _symbols(piece: str) -> str:
    return "".join(_ALPHABET[byte] for byte in piece.encode())


def learn_merges(words: Counter[str], count: int) -> list[Pair]:
    """The most frequent pair is merged, again and again; ties go to the pair that sorts first."""
    pieces = {word: tuple(word) for word in words}
    pair_counts: Counter[Pair] = Counter()
    words_with: dict[Pair, set[str]] = defaultdict(set)
    for word, parts in pieces.items():
        for pair in zip(parts, parts[1:]):
            pair_counts[pair] += words[word]
            words_with[pair].add(word)
    merges: list[Pair] = []
    while len(merges) < count:
        best = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))
        merges.append(best)
        for word in sorted(words_with.pop(best)):
            old, new = pieces[word], merge(pieces[word], best)
            if old == new:
                continue
            pieces[word] = new
            for pair in zip(old, old[1:]):
                pair_counts[pair] -= words[word]
            for pair in zip(new, new[1:]):
                pair_counts[pair] += words[word]
                words_with[pair].add(word)
        del pair_counts[best]
    return merges


def merge(parts: tuple[str, ...], pair: Pair) -> tuple[str, ...]:
    out: list[str] = []
    at = 0
    while at < len(parts):
        if parts[at : at + 2] == pair:
            out.append(pair[0] + pair[1])
            at += 2
        else:
            out.append(parts[at])
            at += 1
    return tuple(out)


class Tokenizer:
    """Encodes text, with or without the special tokens. The same as `tokenizer.json` does in Hugging Face's code."""

    def __init__(self, merges: list[Pair]) -> None:
        self.merges = merges
        tokens = [_ALPHABET[byte] for byte in range(256)] + [a + b for a, b in merges] + [*SPECIAL, *MARKERS]
        self.ids = {token: number for number, token in enumerate(tokens)}
        self._text = {number: token for token, number in self.ids.items()}
        self._bytes = {symbol: byte for byte, symbol in _ALPHABET.items()}
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._split = re.compile(SPLIT)
        self._special = re.compile("(" + "|".join(map(re.escape, [*SPECIAL, *MARKERS])) + ")")
        self._cache: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def end_of_turn(self) -> int:
        return self.ids[TURN_END]

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in self._special.split(text):
            if part in self.ids and self._special.fullmatch(part):
                ids.append(self.ids[part])
                continue
            for piece in self._split.findall(part):
                known = self._cache.get(piece)
                ids += known if known is not None else self._encode_piece(piece)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text; special tokens are left out, the tool call markers stay."""
        out = bytearray()
        for token in (self._text[number] for number in ids):
            if token in MARKERS:
                out += token.encode()
            elif token not in SPECIAL:
                out += bytes(self._bytes[symbol] for symbol in token)
        return out.decode(errors="replace")

    def _encode_piece(self, piece: str) -> list[int]:
        parts = tuple(_symbols(piece))
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = merge(parts, best)
        ids = [self.ids[part] for part in parts]
        if len(self._cache) < 200_000:
            self._cache[piece] = ids
        return ids

    def to_json(self) -> dict:
        """Hugging Face's `tokenizer.json`."""
        learned = len(self) - len(SPECIAL) - len(MARKERS)
        added = [
            {
                "id": self.ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": token in SPECIAL,
            }
            for token in (*SPECIAL, *MARKERS)
        ]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        split = {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
            "post_processor": None,
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {token: number for token, number in self.ids.items() if number < learned},
                "merges": [f"{a} {b}" for a, b in self.merges],
            },
        }

    def save(self, folder: Path) -> None:
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n"
        (folder / "tokenizer.json").write_text(text, encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> "Tokenizer":
        model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
        return Tokenizer([tuple(pair.split(" ")) for pair in model["merges"]])


def train(seed: int = SEED) -> Tokenizer:
    """Merges are learned from the corpus without its answers: a reversed word deserves no token."""
    rng, split = shard_rng(-1, seed), re.compile(SPLIT)
    pieces: Counter[str] = Counter()
    for number in range(TRAINING_CONVERSATIONS):
        for text, is_answer in conversation(rng, long=number % 16 == 0):
            if not is_answer or len(text) > 200:
                pieces.update(split.findall(re.sub(r"<\|\w+\|>", "", text)))
    words = Counter({_symbols(piece): count for piece, count in pieces.items()})
    return Tokenizer(learn_merges(words, VOCAB_SIZE - 256 - len(SPECIAL) - len(MARKERS)))


if __name__ == "__main__":
    train().save(Path(sys.argv[1]))
