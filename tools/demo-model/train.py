"""Trains the model on the endless corpus: Muon for the matrices, Adam for the rest, a linear decay at the end."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor

from corpus import SEED
from model import Config, Llama
from optimizer import Muon
from rows import ANSWER_BIT, batches


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    steps: int = 12_000
    tokens: int = 131_072  # a batch
    minutes: float = 1e9  # the decay ends by then even if steps are left
    workers: int = 12
    device: str = "cuda"
    matrix_rate: float = 0.02
    other_rate: float = 0.003
    warmup: int = 100
    decay_from: float = 0.5  # share of the run after which the rates fall to zero
    prompt_weight: float = 0.1  # of the loss on tokens that the model need not write
    report_every: int = 500


Report = Callable[[int, Llama], None]


def loss_of(model: Llama, tokens: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean cross-entropy of the next token."""
    logits = model(tokens[:, :-1])
    losses = F.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum()


def split_marks(rows: numpy.ndarray, plan: Plan) -> tuple[Tensor, Tensor]:
    """Token ids, and the weight of each predicted token: answers count fully, prompts a little, padding not at all."""
    packed = torch.from_numpy(rows.astype(numpy.int64))
    if plan.device == "cuda":
        packed = packed.pin_memory().to("cuda", non_blocking=True)
    target = packed[:, 1:]
    weights = torch.where(target >= ANSWER_BIT, 1.0, plan.prompt_weight) * (target != 0)
    return packed & (ANSWER_BIT - 1), weights


def rate_factor(progress: float, step: int, plan: Plan) -> float:
    falling = (1.0 - progress) / (1.0 - plan.decay_from)
    return min(1.0, (step + 1) / plan.warmup, max(0.0, falling))


def _optimizers(model: Llama, plan: Plan) -> list[torch.optim.Optimizer]:
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
    fast = {"fused": True} if plan.device == "cuda" else {}
    adam = torch.optim.AdamW(others, lr=plan.other_rate, betas=(0.9, 0.95), weight_decay=0.0, **fast)
    return [Muon(matrices, lr=plan.matrix_rate), adam]


def train(folder: Path, plan: Plan, report: Report) -> Llama:
    """Trains from scratch; `folder` holds the tokenizer."""
    torch.manual_seed(SEED)
    torch.set_float32_matmul_precision("high")
    model = Llama(Config()).to(plan.device)
    optimizers = _optimizers(model, plan)
    compute = torch.compile(loss_of, dynamic=False) if plan.device == "cuda" else loss_of
    low = torch.autocast("cuda", torch.bfloat16) if plan.device == "cuda" else nullcontext()
    start, reported, recent = time.time(), 0.0, []
    for step, rows in enumerate(_timed(batches(folder, plan.steps, plan.tokens, plan.workers))):
        tokens, weights = split_marks(rows, plan)
        with low:
            loss = compute(model, tokens, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        progress = max(step / plan.steps, (time.time() - start) / (60 * plan.minutes))
        for optimizer in optimizers:
            base = plan.matrix_rate if isinstance(optimizer, Muon) else plan.other_rate
            for group in optimizer.param_groups:
                group["lr"] = base * rate_factor(progress, step, plan)
            optimizer.step()
        model.zero_grad(set_to_none=True)
        recent.append(loss.detach())
        if (step + 1) % plan.report_every == 0 or progress >= 1:
            mean, elapsed = torch.stack(recent).mean().item(), time.time() - start
            speed = len(recent) * plan.tokens / (elapsed - reported)
            print(f"step {step + 1}  loss {mean:.4f}  {elapsed:.0f} s  {speed / 1e6:.2f} million tokens/s", flush=True)
            report(step + 1, model)
            recent, reported = [], time.time() - start
        if progress >= 1:
            break
    return model


def _timed(stream: Iterator[numpy.ndarray]) -> Iterator[numpy.ndarray]:
    """Passes the batches on and tells at the end how long the corpus kept the training waiting."""
    waited = 0.0
    while True:
        before = time.time()
        rows = next(stream, None)
        waited += time.time() - before
        if rows is None:
            print(f"waited {waited:.0f} s for the corpus", flush=True)
            return
        yield rows
