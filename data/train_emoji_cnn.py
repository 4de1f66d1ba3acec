"""Train the small CNN of emoji_cnn.npz, whose features the captioner of assignment 6 reads.

Run `python data/train_emoji_cnn.py` (8 minutes of one core), then `python data/registry.py`. Seeded; another version
of torch or another processor gives other weights of the same quality, so the registry names the file that is shipped.

Three blocks of convolution (3 x 3), batch normalisation, ReLU and max-pooling (2 x 2), then one linear layer with ReLU:
    pictures (N, 3, 32, 32) -> (N, 32, 16, 16) -> (N, 64, 8, 8) -> (N, 128, 4, 4) -> features (N, 256)
The CNN reads 1 - picture / 255, so that white paper is zero, as the convolutions' padding is. It learns from the split
`train` of emoji.npz alone, with shifts of up to two pixels, to tell three things of a picture, each by a linear layer
that is thrown away afterwards: the concept, the skin tone of the first and of the last person, and which words the
caption has. Half of each batch has its colours bent at random, and is asked for the concept alone: so that a role is
known by its shape and not by the skin tones that it has in training. Every few epochs the split `validation` is looked
at; nothing else is.

Arrays, float16; batch normalisation is folded into the convolutions' weights and biases:
`K1` (32, 3, 3, 3), `K2` (64, 32, 3, 3), `K3` (128, 64, 3, 3) and `k1`, `k2`, `k3`, the three convolutions;
`M` (256, 2048), `m` (256,), the linear layer.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, max_pool2d, pad, relu

FOLDER = Path(__file__).parent
CHANNELS, FEATURES = (32, 64, 128), 256
SEED, EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY, DROPOUT, THRESHOLD = 61, 90, 64, 2e-3, 1e-2, 0.1, 5.0
WARMING, SHOWN = 200, 10  # steps until the learning rate is whole; epochs between two looks at the validation split
SHIFT = 2  # pixels
BENT, ALL, EACH = 32, 0.6, 0.15  # pictures of a batch; spread of the exponents, of all colours together and of each one
TONES = ("", "1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF")
WORDS_A_CAPTION = 4  # the loss of the words is summed over the vocabulary and divided by this


class Network(torch.nn.Module):
    """The CNN: pictures (N, 3, 32, 32) on zero paper to features (N, F)."""

    def __init__(self) -> None:
        super().__init__()
        ends = zip((3, *CHANNELS), CHANNELS, strict=False)
        self.convolutions = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in ends)
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm2d(channels) for channels in CHANNELS)
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.linear = torch.nn.Linear(CHANNELS[-1] * 4 * 4, FEATURES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = max_pool2d(relu(norm(convolution(x))), 2)
        return relu(self.linear(self.dropout(x.flatten(1))))

    def weights(self) -> dict[str, np.ndarray]:
        """The parameters with each batch normalisation folded into the convolution before it."""
        arrays = {}
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True), 1):
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            arrays[f"K{number}"] = convolution.weight * scale[:, None, None, None]
            arrays[f"k{number}"] = norm.bias - norm.running_mean * scale
        arrays |= {"M": self.linear.weight, "m": self.linear.bias}
        return {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}


def targets(emoji: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """What the CNN is to tell of each picture: `concept`, `first`, `last` (N,) and `words` (N, vocabulary)."""
    concepts = np.unique(emoji["concepts"], return_inverse=True)[1]
    tones = [tone.split("-") for tone in emoji["tones"]]
    captions = [set(caption.split()) for caption in emoji["captions"][:, 0]]
    train = emoji["split"] == "train"
    words = sorted(set().union(*(captions[n] for n in np.flatnonzero(train))))
    return {
        "concept": torch.tensor(concepts),
        "first": torch.tensor([TONES.index(tone[0]) for tone in tones]),
        "last": torch.tensor([TONES.index(tone[-1]) for tone in tones]),
        "words": torch.tensor([[float(word in caption) for word in words] for caption in captions]),
    }


def shifted(x: torch.Tensor) -> torch.Tensor:
    """Each picture (N, 3, 32, 32) moved by up to SHIFT pixels in both directions, paper at the edges."""
    N, _, height, width = x.shape
    corners = torch.randint(2 * SHIFT + 1, (N, 2))
    rows = (corners[:, :1] + torch.arange(height))[:, None, :, None]
    columns = (corners[:, 1:] + torch.arange(width))[:, None, None, :]
    n, channels = torch.arange(N)[:, None, None, None], torch.arange(3)[None, :, None, None]
    return pad(x, (SHIFT,) * 4)[n, channels, rows, columns]


def bent(x: torch.Tensor) -> torch.Tensor:
    """Each picture's colours raised to powers near 1: darker or lighter, while black and white stay."""
    exponents = torch.exp(ALL * torch.randn(len(x), 1, 1, 1) + EACH * torch.randn(len(x), 3, 1, 1))
    return 1 - (1 - x).clamp(min=0.01) ** exponents


def loss_of(said: dict[str, torch.Tensor], meant: dict[str, torch.Tensor]) -> torch.Tensor:
    """The sum of four losses: three softmaxes, and a sigmoid for each word. The first BENT count for the concept."""
    tones = sum(cross_entropy(said[key][BENT:], meant[key][BENT:]) for key in ("first", "last"))
    words = binary_cross_entropy_with_logits(said["words"][BENT:], meant["words"][BENT:]) * meant["words"].shape[1]
    return cross_entropy(said["concept"], meant["concept"]) + tones + words / WORDS_A_CAPTION


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    with np.load(FOLDER / "emoji.npz") as file:
        emoji = {name: file[name] for name in file}
    x = 1 - torch.tensor(emoji["pictures"]).permute(0, 3, 1, 2) / 255
    meant = targets(emoji)
    train, validation = (torch.tensor(np.flatnonzero(emoji["split"] == name)) for name in ("train", "validation"))

    network = Network()
    sizes = {"concept": len(set(emoji["concepts"])), "first": len(TONES), "last": len(TONES)}
    sizes["words"] = meant["words"].shape[1]
    heads = torch.nn.ModuleDict({key: torch.nn.Linear(FEATURES, size) for key, size in sizes.items()})
    dropout = torch.nn.Dropout(DROPOUT)
    parameters = [*network.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * (len(train) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / WARMING) * (1 + math.cos(math.pi * step / steps)) / 2
    )
    for epoch in range(1, EPOCHS + 1):
        order = train[torch.randperm(len(train))]
        for batch in order[: len(order) // BATCH * BATCH].split(BATCH):
            moved = shifted(x[batch])
            features = dropout(network(torch.cat([bent(moved[:BENT]), moved[BENT:]])))
            said = {key: head(features) for key, head in heads.items()}
            loss = loss_of(said, {key: values[batch] for key, values in meant.items()})
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, THRESHOLD)
            optimizer.step()
            schedule.step()
        if epoch % SHOWN == 0:
            network.eval()
            with torch.no_grad():
                features = network(x[validation])
                right = {key: heads[key](features).argmax(1) == meant[key][validation] for key in list(sizes)[:3]}
            network.train()
            shares = [f"{key} {values.float().mean():.3f}" for key, values in right.items()]
            whole = torch.stack(list(right.values())).all(0).float().mean()
            print(f"epoch {epoch}, validation: {', '.join(shares)}, all three {whole:.3f}", flush=True)
    np.savez_compressed(FOLDER / "emoji_cnn.npz", **network.weights())


if __name__ == "__main__":
    main()
