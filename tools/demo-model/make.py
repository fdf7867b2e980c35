"""Makes the demo model: tokenizer, held-out prompts, training, export, evaluation.

python3 tools/demo-model/make.py                     all of it; about ten minutes on a GPU
python3 tools/demo-model/make.py --steps 20 --tokens 4096 --every 40 --out /tmp/try --prompts /tmp/try.jsonl
                                              a try-out on a CPU, which touches nothing else
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import torch

import eval_set
import tokenizer as bpe
import weights
from card import write_card
from evaluate import evaluate, format_table, read_prompts
from export import export
from model import Config, Llama
from train import Plan, train

ROOT = Path(__file__).resolve().parents[2]
REPORTS_PER_CHECK = 4  # a check answers a sixth of the prompts and saves the folder
BUILD = Path(__file__).resolve().parent / "build"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--tokens", type=int, default=Plan.tokens, help="tokens in a batch")
    parser.add_argument("--minutes", type=float, default=Plan.minutes, help="end the training within this time")
    parser.add_argument("--report-every", type=int, default=Plan.report_every, help="steps between reports")
    parser.add_argument("--every", type=int, default=1, help="evaluate every Nth held-out prompt only")
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
    lines = read_prompts(arguments.prompts)[:: arguments.every]

    def report(step: int, model: Llama) -> None:
        if step % (arguments.report_every * REPORTS_PER_CHECK):
            return
        with torch.no_grad():
            table = evaluate(model, tokenizer, lines[::6])
        print("  " + "  ".join(f"{name} {right}/{count}" for name, (right, count) in table.items()), flush=True)
        export(model, tokenizer, arguments.out)

    plan = replace(
        Plan(),
        device=arguments.device,
        steps=arguments.steps,
        tokens=arguments.tokens,
        minutes=arguments.minutes,
        report_every=arguments.report_every,
        workers=max(1, min(Plan.workers, (os.cpu_count() or 2) - 2)),
    )
    start = time.time()
    export(train(BUILD, plan, report), tokenizer, arguments.out)
    minutes = (time.time() - start) / 60
    exported = weights.load(arguments.out / "model.safetensors", Config()).to(arguments.device)
    table = evaluate(exported, tokenizer, lines, arguments.show)
    print(format_table(table))
    write_card(exported, plan, minutes, table, arguments.out / "README.md")


if __name__ == "__main__":
    main()
