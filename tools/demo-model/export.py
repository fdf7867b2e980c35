"""Writes the model as a Hugging Face folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import weights
from chat import END_OF_TEXT, SPECIAL, TURN_END
from model import Config, Llama
from tokenizer import Tokenizer

HERE = Path(__file__).parent


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def model_config(config: Config, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": "bfloat16",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": config.context,
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": config.rope_theta,
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": True,
        "initializer_range": 0.02,
        "use_cache": True,
        "bos_token_id": tokenizer.ids[END_OF_TEXT],
        "eos_token_id": tokenizer.end_of_turn,
        "pad_token_id": tokenizer.ids[END_OF_TEXT],
    }


def generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """A little chance, so that no two stories are the same; the other tasks hardly notice."""
    return {
        "bos_token_id": tokenizer.ids[END_OF_TEXT],
        "eos_token_id": [tokenizer.end_of_turn, tokenizer.ids[END_OF_TEXT]],
        "pad_token_id": tokenizer.ids[END_OF_TEXT],
        "do_sample": True,
        "temperature": 0.6,
        "top_p": 0.9,
        "max_new_tokens": 320,
    }


def tokenizer_config(config: Config) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.context,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "bos_token": None,
        "eos_token": TURN_END,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "additional_special_tokens": list(SPECIAL[1:]),
        "chat_template": (HERE / "chat_template.jinja").read_text(encoding="utf-8"),
    }


def export(model: Llama, tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights.save(model, folder / "model.safetensors")
    tokenizer.save(folder)
    _write_json(folder / "config.json", model_config(model.config, tokenizer))
    _write_json(folder / "generation_config.json", generation_config(tokenizer))
    _write_json(folder / "tokenizer_config.json", tokenizer_config(model.config))
