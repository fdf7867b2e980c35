"""A Llama in PyTorch: the same mathematics as Hugging Face's LlamaForCausalLM, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    vocab_size: int = 1536
    hidden_size: int = 256
    intermediate_size: int = 640
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    context: int = 2048
    rope_theta: float = 100_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.heads


class RMSNorm(nn.Module):
    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(size)), epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


def rope_tables(config: Config) -> tuple[Tensor, Tensor]:
    """cos and sin of every position and frequency, each [context, head_dim / 2]."""
    half = config.head_dim // 2
    frequencies = config.rope_theta ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(config.context, dtype=torch.float64)[:, None] * frequencies
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates the pairs (i, i + head_dim / 2)."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor]) -> Tensor:
    """Softmax attention; causal where no mask is given. All are [batch, heads, length, head_dim]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
    if mask is None:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril()
    scores = (q @ k.transpose(-1, -2)) / q.shape[-1] ** 0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v


class Layer(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        size, kv_size = config.hidden_size, config.kv_heads * config.head_dim
        self.config = config
        self.input_layernorm = RMSNorm(size, config.norm_epsilon)
        self.q_proj = nn.Linear(size, size, bias=False)
        self.k_proj = nn.Linear(size, kv_size, bias=False)
        self.v_proj = nn.Linear(size, kv_size, bias=False)
        self.o_proj = nn.Linear(size, size, bias=False)
        self.post_attention_layernorm = RMSNorm(size, config.norm_epsilon)
        self.gate_proj = nn.Linear(size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, past: Optional["Past"], layer: int) -> Tensor:
        x = x + self._attention(self.input_layernorm(x), cos, sin, past, layer)
        h = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))

    def _attention(self, x: Tensor, cos: Tensor, sin: Tensor, past: Optional["Past"], layer: int) -> Tensor:
        rows, length, _ = x.shape
        split = lambda y: y.view(rows, length, -1, self.config.head_dim).transpose(1, 2)  # noqa: E731
        q, k, v = (split(project(x)) for project in (self.q_proj, self.k_proj, self.v_proj))
        q, k, mask = rotate(q, cos, sin), rotate(k, cos, sin), None
        if past is not None:
            k, v, mask = past.extend(layer, k, v)
        group = self.config.heads // self.config.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        return self.o_proj(attend(q, k, v, mask).transpose(1, 2).reshape(rows, length, -1))


class Past:
    """Keys and values of earlier tokens, for rows of different lengths. Used for evaluation only."""

    def __init__(self, config: Config, rows: int, length: int, like: Tensor) -> None:
        shape = (config.layers, rows, config.kv_heads, length, config.head_dim)
        self.keys, self.values = like.new_zeros(shape), like.new_zeros(shape)
        self.positions: Optional[Tensor] = None  # [rows]: where the next token goes; None while reading the prompt

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Optional[Tensor]]:
        if self.positions is None:
            self.keys[layer, :, :, : k.shape[2]], self.values[layer, :, :, : v.shape[2]] = k, v
            return k, v, None
        rows = torch.arange(k.shape[0], device=k.device)
        self.keys[layer, rows, :, self.positions] = k[:, :, 0]
        self.values[layer, rows, :, self.positions] = v[:, :, 0]
        visible = torch.arange(self.keys.shape[3], device=k.device) <= self.positions[:, None]
        return self.keys[layer], self.values[layer], visible[:, None, None, :]


class Llama(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.hidden_size, config.norm_epsilon)
        cos, sin = rope_tables(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialize()

    def _initialize(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = (
                    (2 * self.config.layers) ** -0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
                )
                nn.init.normal_(parameter, std=0.02 * scale)

    def hidden(self, ids: Tensor, past: Optional[Past] = None) -> Tensor:
        """The final hidden states, [rows, length, hidden_size]."""
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        if past is not None and past.positions is not None:
            cos, sin = (table[past.positions][:, None, None, :] for table in (self.cos, self.sin))
        x = self.embed_tokens(ids)
        for number, layer in enumerate(self.layers):
            x = layer(x, cos, sin, past, number)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """The output matrix is the embedding."""
        return F.linear(hidden, self.embed_tokens.weight)

    def forward(self, ids: Tensor) -> Tensor:
        return self.logits(self.hidden(ids))


@torch.no_grad()
def greedy(model: Llama, prompts: list[list[int]], most: int, stop: set[int]) -> list[list[int]]:
    """The most likely continuation of each prompt, up to a stop token (left out) or `most` tokens."""
    device = model.embed_tokens.weight.device
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    longest = int(lengths.max())
    ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts], device=device)
    past = Past(model.config, len(prompts), longest + most, model.embed_tokens.weight)
    hidden = model.hidden(ids, past)[torch.arange(len(prompts), device=device), lengths - 1]
    answers: list[list[int]] = [[] for _ in prompts]
    running = set(range(len(prompts)))
    for step in range(most):
        tokens = model.logits(hidden).argmax(-1)
        for row, token in enumerate(tokens.tolist()):
            if row in running:
                running.discard(row) if token in stop else answers[row].append(token)
        if not running or step == most - 1 or longest + step >= model.config.context:
            break
        past.positions = lengths + step
        hidden = model.hidden(tokens[:, None], past)[:, 0]
    return answers
