"""Train encoders and decoders for longer than a notebook has time for: bottleneck.npz.

Run `python solutions/a7_seq2seq/train_bottleneck.py` (about 10 minutes of processor time in two processes), then
`python data/registry.py`. Seeded; the code is the reference's own, chapter.py. Another version of torch gives other
last digits, and from there other errors.

Seven kinds of network, two seeds each, all trained for STEPS steps of 128 words: GRUs of 24, 64 and 160 units; with as
many parameters as the GRU of 64 units, to 1%, one that reads forwards (64 units), an LSTM of 54 units, and a GRU of 55
units whose decoder sees the context at every step; and a GRU of 160 units of whose state 24 numbers reach the decoder.

Arrays, for each kind NAME: `NAME/test` (2, 6377) int8, the edits between what the network says greedily to each word of
the test and its pronunciation; `NAME/training` (2, 6377) int8, the same for the words number 0, 17, 34, ... of the
training set; `NAME/losses` (2, STEPS / BLOCK) float32, the training loss, its mean over blocks of steps;
`NAME/parameters`, their number.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from autograder.course.loading import load_file

FOLDER = Path(__file__).parent
DATA = FOLDER.parents[1] / "data"
STEPS, BLOCK, SEEDS, EVERY = 3000, 50, 2, 17

NETWORKS = {  # cell, H, context at every step, numbers that pass (None: all), source reversed
    "GRU, 160 units": ("gru", 160, False, None, True),
    "GRU, 64 units": ("gru", 64, False, None, True),
    "GRU, 24 units": ("gru", 24, False, None, True),
    "source forwards": ("gru", 64, False, None, False),
    "LSTM, 54 units": ("lstm", 54, False, None, True),
    "context at every step": ("gru", 55, True, None, True),
    "24 numbers pass": ("gru", 160, False, 24, True),
}


def network(name: str, seed: int) -> dict[str, np.ndarray]:
    """Train one network and count its edits."""
    torch.set_num_threads(1)
    a7 = load_file(FOLDER / "chapter.py")
    training, _, test = a7.read_pronunciations(DATA / "pronunciations.txt")
    cell, H, context, passage, reverse = NETWORKS[name]
    parameters = a7.initial_parameters(cell, H, seed, context=context, passage=passage)
    losses = a7.train(parameters, training, STEPS, reverse=reverse, seed=seed)
    arrays = {"losses": np.array(losses, np.float32).reshape(-1, BLOCK).mean(axis=1)}
    arrays["parameters"] = np.array(sum(values.numel() for values in parameters.values()))
    for split, pairs in (("test", test), ("training", training[::EVERY][: len(test)])):
        said = a7.pronounce(parameters, [word for word, _ in pairs], reverse)
        meant = [[a7.PHONEME_ID[phoneme] for phoneme in phonemes] for _, phonemes in pairs]
        arrays[split] = np.array([a7.edit_distance(*two)[0] for two in zip(said, meant, strict=True)], np.int8)
        print(f"{name}, seed {seed}: {arrays[split].sum() / sum(map(len, meant)):.4f} of {split}", flush=True)
    return arrays


def main() -> None:
    pairs = [(name, seed) for name in NETWORKS for seed in range(SEEDS)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        results = dict(zip(pairs, pool.map(network, *zip(*pairs, strict=True)), strict=True))
    arrays = {}
    for name in NETWORKS:
        for key in ("test", "training", "losses"):
            arrays[f"{name}/{key}"] = np.stack([results[name, seed][key] for seed in range(SEEDS)])
        arrays[f"{name}/parameters"] = results[name, 0]["parameters"]
    np.savez_compressed(DATA / "bottleneck.npz", **arrays)


if __name__ == "__main__":
    main()
