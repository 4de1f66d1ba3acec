"""Train the cells of assignment 5 for longer than a notebook has time for: gate_curves.npz.

Run `python solutions/a5_gru/train_gate_curves.py` (about 7 minutes of one core), then `python data/registry.py`.
Seeded; the code is the reference's own, chapter.py: the same seven networks, five seeds each, the same tasks and the
same training, with more steps and greater T. Another version of torch gives other last digits, and from there other
curves.

Arrays: for each task, `NAME/curves` (7, 5, STEPS / BLOCK) float32, the mean loss over blocks of steps, and `NAME/steps`
(7, 5) int32, the first step with a loss below the criterion, -1 if there was none. `networks` holds the names in order.
"""

import time
from pathlib import Path

import numpy as np
import torch

from autograder.course.loading import load_file

FOLDER = Path(__file__).parent
DATA = FOLDER.parents[1] / "data"
STEPS, BLOCK = 1500, 15


def main() -> None:
    torch.set_num_threads(1)
    a5 = load_file(FOLDER / "chapter.py")
    tasks = {
        "adding, T = 50": (a5.adding_problem_batch, 50, a5.ADDING_SOLVED),
        "adding, T = 100": (a5.adding_problem_batch, 100, a5.ADDING_SOLVED),
        "latching, T = 50": (a5.latching_batch, 50, a5.LATCHING_SOLVED),
        "latching, T = 100": (a5.latching_batch, 100, a5.LATCHING_SOLVED),
    }
    arrays = {}
    for task, (batch, T, criterion) in tasks.items():
        start = time.process_time()
        results = a5.race(batch, T, STEPS, criterion=0.0)  # never met: train for all STEPS
        curves = np.array([curves for _, curves, _ in results.values()])  # (7, 5, STEPS)
        met = curves < criterion
        arrays[f"{task}/curves"] = curves.reshape(*curves.shape[:2], -1, BLOCK).mean(axis=3).astype(np.float32)
        arrays[f"{task}/steps"] = np.where(met.any(axis=2), met.argmax(axis=2), -1).astype(np.int32)
        print(f"{task}: {time.process_time() - start:.0f} s of processor time")
        for name, steps in zip(results, arrays[f"{task}/steps"], strict=True):
            print(f"  {name:<24} {steps}", flush=True)
    np.savez_compressed(DATA / "gate_curves.npz", networks=np.array(list(results)), **arrays)


if __name__ == "__main__":
    main()
