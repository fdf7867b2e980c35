"""Makes the demo model: tokenizer, held-out prompts, training, export, evaluation.

    python3 tools/demo-model/make.py                     on a GPU: about ten minutes
    python3 tools/demo-model/make.py --device cpu --steps 20 --tokens 4096 --out /tmp/try    a try-out
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import torch

import eval_set
import tokenizer as bpe
import weights
from evaluate import evaluate, format_table, read_prompts
from export import export
from model import Config, Llama
from train import Plan, train

ROOT = Path(__file__).resolve().parents[2]
REPORTS_PER_CHECK = 4
BUILD = Path(__file__).resolve().parent / "build"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--tokens", type=int, default=Plan.tokens, help="tokens in a batch")
    parser.add_argument("--minutes", type=float, default=Plan.minutes, help="end the training within this time")
    parser.add_argument("--report-every", type=int, default=Plan.report_every, help="steps between reports")
    parser.add_argument("--matrix-rate", type=float, default=Plan.matrix_rate)
    parser.add_argument("--out", type=Path, default=ROOT / "public/models/quire-demo")
    parser.add_argument("--prompts", type=Path, default=ROOT / "test/eval/prompts.jsonl")
    parser.add_argument("--show", action="store_true", help="print the wrong answers at the end")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    BUILD.mkdir(exist_ok=True)
    tokenizer = bpe.train()
    tokenizer.save(BUILD)
    eval_set.write(tokenizer, arguments.prompts)
    lines = read_prompts(arguments.prompts)

    def report(step: int, model: Llama) -> None:
        if step % (arguments.report_every * REPORTS_PER_CHECK):
            return
        with torch.no_grad():
            table = evaluate(model, tokenizer, lines[::6])
        print("  " + "  ".join(f"{name} {right}/{count}" for name, (right, count) in table.items()), flush=True)
        export(model, tokenizer, arguments.out)

    plan = replace(
        Plan(), device=arguments.device, steps=arguments.steps, tokens=arguments.tokens, minutes=arguments.minutes,
        report_every=arguments.report_every, matrix_rate=arguments.matrix_rate,
        workers=max(1, min(Plan.workers, (os.cpu_count() or 2) - 2)),
    )
    export(train(BUILD, plan, report), tokenizer, arguments.out)
    exported = weights.load(arguments.out / "model.safetensors", Config()).to(arguments.device)
    print(format_table(evaluate(exported, tokenizer, lines, arguments.show)))


if __name__ == "__main__":
    main()
