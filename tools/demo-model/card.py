"""The model card: card.md with its numbers filled in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch

from evaluate import Table, format_table
from example import RESERVED_SHARE
from model import Llama
from rows import LONG_EVERY
from train import Plan

TEMPLATE = Path(__file__).parent / "card.md"


def device_name(device: str) -> str:
    """ "H100" rather than "NVIDIA H100 80GB HBM3"."""
    if device != "cuda":
        return "CPU"
    return torch.cuda.get_device_name().removeprefix("NVIDIA ").split(" ")[0]


def write_card(model: Llama, plan: Plan, minutes: float, table: Table, path: Path) -> None:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    text = TEMPLATE.read_text(encoding="utf-8").format(
        **asdict(model.config),
        parameters=f"{parameters / 1e6:.1f} million",
        megabytes=f"{parameters * 2 / 1e6:.0f}",
        prompts=sum(count for _, count in table.values()),
        reserved_share=RESERVED_SHARE,
        long_every=LONG_EVERY,
        date=date.today().isoformat(),
        table=format_table(table),
        steps=f"{plan.steps:,}",
        batch_tokens=f"{plan.tokens:,}",
        billions=f"{plan.steps * plan.tokens / 1e9:.1f}",
        minutes=f"{minutes:.1f}",
        device=device_name(plan.device),
    )
    path.write_text(text, encoding="utf-8")
