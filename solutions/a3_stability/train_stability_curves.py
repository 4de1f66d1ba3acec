"""Train assignment 3's character network for longer than a notebook has time for: stability_curves.npz.

Run `python solutions/a3_stability/train_stability_curves.py` (about 4 minutes of one core), then `python
data/registry.py`. Seeded; the code is the reference's own, chapter.py: the network, the batches and the training of its
experiment 7. Where training diverges, another version of NumPy or another processor gives other curves.

Arrays: for each tool, SGD, layer norm, stabilizer and Adam, with and without clipping, `TOOL, clipped/loss` and
`TOOL, not clipped/loss` (3, 100) float32, the mean loss over blocks of 10 batches for three seeds; NaN after a gradient
that was not finite. For SGD and layer norm, clipped, `TOOL/loss by scale` (5, 3) float32: the mean loss of the last 50
of 300 batches, three seeds, with the first W multiplied by each of `scales` (5,).
"""

import time
from pathlib import Path

import numpy as np

from autograder.course.loading import load_file

FOLDER = Path(__file__).parent
DATA = FOLDER.parents[1] / "data"
SEEDS, BATCHES, BLOCK, H = 3, 1000, 10, 128
SCALES = np.array([0.5, 1.0, 2.0, 4.0, 8.0])


def read_tokens() -> np.ndarray:
    """Shakespeare's characters as integers in the order of the alphabet."""
    return np.unique(list((DATA / "shakespeare.txt").read_text(encoding="ascii")), return_inverse=True)[1]


def main() -> None:
    a3, tokens = load_file(FOLDER / "chapter.py"), read_tokens()
    K = int(tokens.max()) + 1
    tools = {
        "SGD": a3.rnn_loss_and_gradients,
        "layer norm": a3.layer_norm_loss_and_gradients,
        "stabilizer": a3.stabilized(1.0),
        "Adam": a3.rnn_loss_and_gradients,
    }

    def losses(tool: str, seed: int, batches: int, threshold: float, scale: float = 1.0) -> np.ndarray:
        """The loss on each batch before its step."""
        rng = np.random.default_rng(seed)
        parameters = a3.initial_parameters(rng, K, H, K)
        parameters["W"] *= scale
        if tool == "layer norm":
            parameters["g"] = np.ones(H)
        adam = tool == "Adam"
        text = a3.text_batches(tokens, rng, batches)
        return a3.train(parameters, tools[tool], text, 3e-3 if adam else 1.0, threshold, adam)[1]

    arrays = {"scales": SCALES}
    start = time.process_time()
    for tool in tools:
        for name, threshold in (("clipped", 1.0), ("not clipped", np.inf)):
            runs = np.array([losses(tool, seed, BATCHES, threshold) for seed in range(SEEDS)])
            blocks = runs.reshape(SEEDS, -1, BLOCK).mean(axis=2)  # (3, 100)
            arrays[f"{tool}, {name}/loss"] = blocks.astype(np.float32)
            print(f"{tool}, {name}: {blocks[:, -10:].mean(axis=1).round(3)}", flush=True)
    for tool in ("SGD", "layer norm"):
        runs = np.array([[losses(tool, seed, 300, 1.0, scale) for seed in range(SEEDS)] for scale in SCALES])
        arrays[f"{tool}/loss by scale"] = runs[:, :, -50:].mean(axis=2).astype(np.float32)  # (5, 3)
        print(f"{tool} by scale: {arrays[f'{tool}/loss by scale'].mean(axis=1).round(3)}", flush=True)
    print(f"{time.process_time() - start:.0f} s of processor time")
    np.savez_compressed(DATA / "stability_curves.npz", **arrays)


if __name__ == "__main__":
    main()
