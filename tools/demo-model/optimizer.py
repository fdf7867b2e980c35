"""Muon: momentum whose update is orthogonalized (Jordan et al., 2024), for all matrices of one shape at once."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterable

import torch
from torch import Tensor, nn


def orthogonalize(update: Tensor, steps: int = 5) -> Tensor:
    """Newton-Schulz iteration towards the nearest semi-orthogonal matrices; [count, rows, columns]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = update.bfloat16() if update.is_cuda else update
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.transpose(1, 2) if tall else x).to(update.dtype)


class Muon(torch.optim.Optimizer):
    def __init__(
        self, matrices: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        by_shape: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
        for matrix in matrices:
            by_shape[tuple(matrix.shape)].append(matrix)
        groups = [{"params": same_shape} for same_shape in by_shape.values()]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            matrices, lr, momentum = group["params"], group["lr"], group["momentum"]
            gradient = torch.stack([matrix.grad for matrix in matrices])
            running = self.state[matrices[0]].setdefault("running", torch.zeros_like(gradient))
            running.lerp_(gradient, 1 - momentum)
            update = orthogonalize(gradient.lerp(running, momentum))
            scale = max(1.0, matrices[0].shape[0] / matrices[0].shape[1]) ** 0.5
            for matrix, change in zip(matrices, update):
                matrix.mul_(1 - lr * group["decay"]).add_(change, alpha=-lr * scale)
