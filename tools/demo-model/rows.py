"""Packs conversations into the token rows of training batches. Batch n depends on the seed and n alone."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Iterator

import numpy

from corpus import conversation, shard_rng
from tokenizer import Tokenizer

SHORT_ROW, LONG_ROW = 512, 2048
LONG_EVERY = 4
ANSWER_BIT = 0x8000  # set on the tokens that the model has to write

Tokens = list[int]


@lru_cache(maxsize=1)
def _tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.load(folder)


def _conversation_tokens(tokenizer: Tokenizer, rng: Random, long: bool) -> Tokens:
    tokens: Tokens = []
    for text, is_answer in conversation(rng, long):
        mark = ANSWER_BIT if is_answer else 0
        tokens += [token | mark for token in tokenizer.encode(text)]
    return tokens


def _row(tokenizer: Tokenizer, rng: Random, length: int, waiting: list[Tokens], start_long: bool) -> Tokens:
    """Whole conversations, one after another; what does not fit waits for the next row."""
    row: Tokens = []
    while start_long and not row:
        tokens = _conversation_tokens(tokenizer, rng, True)
        row = tokens if len(tokens) <= length else []
    while True:
        fitting = next((tokens for tokens in waiting if len(row) + len(tokens) <= length), None)
        if fitting:
            waiting.remove(fitting)
        else:
            fitting = _conversation_tokens(tokenizer, rng, False)
            if len(row) + len(fitting) > length:
                if len(fitting) <= length:
                    waiting.append(fitting)
                if len(waiting) > 6 or length - len(row) < 48:
                    return row
                continue
        row += fitting


def batch(folder: Path, number: int, tokens: int) -> numpy.ndarray:
    """Rows of tokens with their answer bits, padded with zeros; every `LONG_EVERY`th batch has long rows."""
    tokenizer, rng = _tokenizer(folder), shard_rng(number)
    long = number % LONG_EVERY == LONG_EVERY - 1
    length = LONG_ROW if long else SHORT_ROW
    rows = numpy.zeros((max(1, tokens // length), length + 1), dtype=numpy.uint16)
    waiting: list[Tokens] = []
    for row in rows:
        content = _row(tokenizer, rng, length + 1, waiting, long)
        row[: len(content)] = content
    return rows


def batches(folder: Path, count: int, tokens: int, workers: int) -> Iterator[numpy.ndarray]:
    """Batches in order, written ahead by `workers` processes."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        ahead = deque(pool.submit(batch, folder, number, tokens) for number in range(min(count, 4 * workers)))
        for number in range(len(ahead), count + len(ahead)):
            if not ahead:
                return
            ready = ahead.popleft().result()
            if number < count:
                ahead.append(pool.submit(batch, folder, number, tokens))
            yield ready
