"""Train the character model surname_model.npz: an Elman RNN that reads surnames.txt one letter at a time.

Run `python data/train_surname_model.py` (25 s on two cores), then `python data/registry.py`. Seeded; another version of
torch or another processor gives other weights of the same quality, so the registry names the file that is shipped.

The model is the lecture's, with K = 27 symbols ('.' = 0 is both START and END, a..z = 1..26) and H = 128 units:
    h_t = tanh(W h_{t-1} + U x_t + b),  y_t = softmax(V h_t + c_out),
trained to give the next letter a high probability: minimum cross-entropy, by Adam.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot
from torch.nn.utils import clip_grad_norm_

FOLDER = Path(__file__).parent
K, H = 27, 128
SEED, STEPS, BATCH, LEARNING_RATE, THRESHOLD = 547, 6000, 128, 3e-3, 1.0
HELD_OUT = 1000
IGNORED = -100  # cross_entropy leaves such targets out


def encode(names: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (N, T) that begin with START and targets (N, T) that end with END; padded with 0 and with IGNORED."""
    T = max(map(len, names)) + 1
    x = torch.zeros(len(names), T, dtype=torch.long)
    target = torch.full((len(names), T), IGNORED)
    for n, name in enumerate(names):
        letters = torch.tensor([ord(letter) - ord("a") + 1 for letter in name])
        x[n, 1 : len(name) + 1] = letters
        target[n, : len(name)] = letters
        target[n, len(name)] = 0
    return x, target


class SurnameModel(torch.nn.Module):
    """A one-layer tanh RNN with a linear output: token numbers (N, T) to logits (N, T, K)."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = torch.nn.RNN(K, H, batch_first=True)
        self.out = torch.nn.Linear(H, K)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(one_hot(x, K).float())[0])

    def weights(self) -> dict[str, np.ndarray]:
        """The parameters under the course's names; torch's two biases of a layer are added into one."""
        rnn, out = self.rnn, self.out
        named = {
            "U": rnn.weight_ih_l0,
            "W": rnn.weight_hh_l0,
            "b": rnn.bias_ih_l0 + rnn.bias_hh_l0,
            "V": out.weight,
            "c_out": out.bias,
        }
        return {name: value.detach().numpy() for name, value in named.items()}


def loss_per_symbol(model: SurnameModel, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats per symbol, END included, padding left out."""
    return cross_entropy(model(x).flatten(0, 1), target.flatten(), ignore_index=IGNORED)


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    x, target = encode((FOLDER / "surnames.txt").read_text(encoding="ascii").split())
    order = torch.randperm(len(x))
    held_out, kept = order[:HELD_OUT], order[HELD_OUT:]

    model = SurnameModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(1, STEPS + 1):
        batch = kept[torch.randint(len(kept), (BATCH,))]
        loss = loss_per_symbol(model, x[batch], target[batch])
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), THRESHOLD)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            with torch.no_grad():
                print(f"step {step}: {loss_per_symbol(model, x[held_out], target[held_out]):.3f} nats per symbol")
    np.savez(FOLDER / "surname_model.npz", **model.weights())


if __name__ == "__main__":
    main()
