"""Trains the reference captioner of assignment 6: fifty emoji by heart and, with --flickr8k, on photographs.

python -m benchmarks.captioning [--flickr8k FILE] [--seed SEED]

Times are by the clock: nothing else should be running. By heart, in one thread: the loss has to fall below 0.02 nats
per word within 20 s. Photographs, in two threads: FILE is the flickr8k.npz that data/flickr8k.py makes; trained on its
split train for at most 240 s, the reference has to reach a BLEU-4 of 0.15 greedily on its split validation, and more by
beam search. Seeds differ by 0.01 and more: one alone says little.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder.course.paths import Repository
from autograder.course.source import load_reference

MAX_NORM = 5.0

PICTURES, HEART_STEPS, HEART_LOSS, HEART_SECONDS = 50, 300, 0.02, 20.0
HEART = {"D": 64, "H": 128}

SECONDS, BLEU = 240.0, 0.15
SIZES = {"D": 128, "H": 256}
MINIMUM_COUNT, BATCH, EPOCHS, LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 8, 64, 9, 2e-3, 0.3, 0.3
TOGETHER = 4  # so many batches are drawn and sorted by length together: less padding, and still by lot
LONGEST, BEAM, ALPHA = 20, 5, 0.7


def main(given: list[str] | None = None) -> int:
    """Print what both trainings reach and how long they take. Exit code 1 if one of them misses its mark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flickr8k", type=Path, metavar="FILE", help="flickr8k.npz, as data/flickr8k.py makes it")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(given)
    repository = Repository.default()
    reference = load_reference(repository.source("a6_captioning"))
    reached = [by_heart(reference, repository, arguments.seed)]
    if arguments.flickr8k:
        reached.append(photographs(reference, arguments.flickr8k, arguments.seed))
    return 0 if all(reached) else 1


def by_heart(reference: Any, repository: Repository, seed: int) -> bool:
    """Learn the captions of fifty emoji, from their pixels' features, and say whether that was fast enough."""
    with np.load(repository.root / "data" / "emoji.npz") as file:
        train = file["split"] == "train"
        captions, pictures = file["captions"][train, 0], file["pictures"][train]
    vocabulary = reference.build_vocabulary(captions.tolist())
    _, once = np.unique(captions, return_index=True)  # one picture of each caption
    fifty = np.random.default_rng(seed).choice(once, PICTURES, replace=False)
    tokens = reference.pad_captions(captions[fifty].tolist(), vocabulary)
    pixels = torch.tensor(pictures[fifty]).flatten(1).float()
    features = reference.standardise(pixels, pixels)

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = reference.CaptionModel(features.shape[1], **HEART, K=len(vocabulary))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    began = time.monotonic()
    for _ in range(HEART_STEPS):
        loss, _ = reference.train_step(model, optimiser, features, tokens, MAX_NORM)
    seconds = time.monotonic() - began
    print(f"By heart: {loss:.4f} nats per word after {HEART_STEPS} steps, {seconds:.1f} s", flush=True)
    return loss < HEART_LOSS and seconds < HEART_SECONDS


def photographs(reference: Any, path: Path, seed: int) -> bool:
    """Train on photographs, caption those held out, and say whether that was good and fast enough."""
    with np.load(path) as file:
        data = {name: file[name] for name in ("captions", "split", "features")}
    train, validation = (np.flatnonzero(data["split"] == name) for name in ("train", "validation"))
    features = torch.tensor(data["features"]).float()
    features = reference.standardise(features, features[train])
    captions = data["captions"][train].flatten().tolist()
    owners = torch.tensor(train).repeat_interleave(data["captions"].shape[1])
    vocabulary = reference.build_vocabulary(captions, MINIMUM_COUNT)

    torch.set_num_threads(2)
    torch.manual_seed(seed)
    model = reference.CaptionModel(features.shape[1], **SIZES, K=len(vocabulary))
    with torch.no_grad():
        model.b[SIZES["H"] : 2 * SIZES["H"]] += 1.0  # the forget gate begins open
    began = time.monotonic()
    tokens = reference.pad_captions(captions, vocabulary)[:, :LONGEST]  # what is longer is cut
    loss = train_on(reference, model, features, owners, tokens)
    seconds = time.monotonic() - began
    print(f"Photographs: {loss:.3f} nats per word in the last epoch, {seconds:.0f} s", flush=True)

    references = data["captions"][validation].tolist()
    said = reference.decode_greedy(model, features[validation], LONGEST)
    greedy = reference.bleu([reference.decode(words, vocabulary) for words in said], references)
    print(f"BLEU-4 of {len(validation):,} photographs held out: greedy {greedy:.4f}", end=", ", flush=True)
    said = [reference.decode_beam(model, one, BEAM, LONGEST, ALPHA)[0] for one in features[validation]]
    beam = reference.bleu([reference.decode(words, vocabulary) for words in said], references)
    print(f"beam {BEAM} {beam:.4f}")
    return greedy >= BLEU and beam > greedy and seconds < SECONDS


def train_on(reference: Any, model: Any, features: torch.Tensor, owners: torch.Tensor, tokens: torch.Tensor) -> float:
    """Train for EPOCHS with the reference's train_step. Returns the mean loss of the last epoch's batches.

    features: (N, F), owners: (M,), the row of each caption's picture, tokens: (M, T). A share of the features is
    dropped at random; the learning rate falls along a cosine.
    """
    dropout = torch.nn.Dropout(DROPOUT)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY)
    lengths = (tokens != 0).sum(dim=1)
    losses: list[float] = []
    for epoch in range(EPOCHS):
        shuffled = torch.randperm(len(tokens))
        together = shuffled.split(TOGETHER * BATCH)
        batches = torch.cat([some[lengths[some].argsort(stable=True)] for some in together]).split(BATCH)
        losses.clear()
        for k in torch.randperm(len(batches)).tolist():
            done = (epoch + len(losses) / len(batches)) / EPOCHS  # from 0 to 1
            optimiser.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * done)) / 2
            words = tokens[batches[k], : int(lengths[batches[k]].max())]
            x = dropout(features[owners[batches[k]]])
            losses.append(reference.train_step(model, optimiser, x, words, MAX_NORM)[0])
    return float(np.mean(losses))


if __name__ == "__main__":
    sys.exit(main())
