"""model.safetensors, written and read without a library: an 8-byte length, a JSON header, raw bfloat16."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy
import torch
from torch import Tensor

from model import Config, Llama

_IN_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_IN_MLP = ("gate_proj", "up_proj", "down_proj")


def hugging_face_name(name: str) -> str:
    """layers.0.q_proj.weight -> model.layers.0.self_attn.q_proj.weight"""
    parts = name.split(".")
    if parts[-2] in _IN_ATTENTION:
        parts.insert(-2, "self_attn")
    elif parts[-2] in _IN_MLP:
        parts.insert(-2, "mlp")
    return ".".join(["model", *parts])


def _to_bfloat16(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().bfloat16().view(torch.int16).numpy().astype("<i2").tobytes()


def save(model: Llama, path: Path) -> None:
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    chunks: list[bytes] = []
    offset = 0
    for name, tensor in model.state_dict().items():
        data = _to_bfloat16(tensor)
        header[hugging_face_name(name)] = {
            "dtype": "BF16",
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(chunks))


def load(path: Path, config: Config) -> Llama:
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    model = Llama(config)
    state = {}
    for name in model.state_dict():
        entry = header[hugging_face_name(name)]
        start, end = entry["data_offsets"]
        wide = numpy.frombuffer(body[start:end], dtype="<u2").astype(numpy.uint32) << 16
        state[name] = torch.from_numpy(wide.view(numpy.float32).reshape(entry["shape"]).copy())
    model.load_state_dict(state)
    return model
