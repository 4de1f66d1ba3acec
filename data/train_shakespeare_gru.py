"""Train character GRUs on shakespeare.txt, with the reset gate before and after the product: shakespeare_gru.npz.

Run `python data/train_shakespeare_gru.py` (about 4 minutes of one core), then `python data/registry.py`. Seeded;
another version of torch or another processor gives other weights of the same quality.

Six networks of H = 64 units, three seeds for each place of the reset gate, in the lecture's convention for z:
    h_t = (1 - z_t) h_{t-1} + z_t n_t,  n_t = tanh(U_n x_t + b_n + W_n (r_t h_{t-1}))  "before", or
                                        n_t = tanh(U_n x_t + b_n + r_t (W_n h_{t-1}))  "after".
They predict the next character of the text in lower case. The update biases begin at -ln(1 + 40 u), u uniform in
[0, 1), so that fast and slow units are there from the beginning (Tallec and Ollivier 2018).

Arrays: `characters`, a string; `U`, `W`, `b`, float32, of the first network with the gate "before"; and for each
place `PLACE/r`, `PLACE/z` (3, 64) float32, the gates' means over text held out, and `PLACE/loss` (3,), nats a character
there.
"""

import re
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

FOLDER = Path(__file__).parent
H, SEEDS, STEPS, N, T = 64, 3, 2500, 32, 64
LEARNING_RATE, THRESHOLD, HELD_OUT = 4e-3, 1.0, 40_000
WARM_UP = 100  # characters read before gates are measured


def read_text() -> tuple[str, np.ndarray]:
    """The characters that occur in the text, in lower case and with single blanks, and the text as their numbers."""
    text = re.sub(r"\s+", " ", (FOLDER / "shakespeare.txt").read_text(encoding="ascii").lower())
    characters = "".join(sorted(set(text)))
    number = {character: k for k, character in enumerate(characters)}
    return characters, np.array([number[character] for character in text])


def initial_parameters(K: int) -> dict[str, torch.Tensor]:
    """U (S, 3H, K), W (S, 3H, H), b (S, 3H), V (S, K, H), c_out (S, K), uniform but for b."""
    generator = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> torch.Tensor:
        return (2 * torch.rand(SEEDS, *shape, generator=generator) - 1) / H**0.5

    b = torch.zeros(SEEDS, 3 * H)
    b[:, H : 2 * H] = -torch.log(1 + 40 * torch.rand(SEEDS, H, generator=generator))
    parameters = {"U": uniform(3 * H, K), "W": uniform(3 * H, H), "b": b, "V": uniform(K, H)}
    parameters["c_out"] = torch.zeros(SEEDS, K)
    return {name: value.requires_grad_() for name, value in parameters.items()}


def read(
    parameters: dict[str, torch.Tensor], tokens: torch.Tensor, h: torch.Tensor, place: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """States, r and z, each (S, N, T, H), of S networks that read tokens (N, T) from the states h (S, N, H)."""
    W_rz, W_n = parameters["W"].mT.split([2 * H, H], dim=2)
    a = parameters["U"].mT[:, tokens] + parameters["b"][:, None, None]  # (S, N, T, 3H): U x is a column of U
    states, gates = [], []
    for a_t in a.unbind(dim=2):
        rz = torch.sigmoid(a_t[..., : 2 * H] + h @ W_rz)
        r, z = rz.chunk(2, dim=2)
        recurrent = (r * h) @ W_n if place == "before" else r * (h @ W_n)
        h = (1 - z) * h + z * torch.tanh(a_t[..., 2 * H :] + recurrent)
        states.append(h)
        gates.append(rz)
    r, z = torch.stack(gates, dim=2).chunk(2, dim=3)
    return torch.stack(states, dim=2), r, z


def losses(parameters: dict[str, torch.Tensor], states: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of each network, (S,), from states (S, N, T, H) and targets (N, T)."""
    logits = states.flatten(1, 2) @ parameters["V"].mT + parameters["c_out"][:, None]  # (S, N T, K)
    return torch.stack([cross_entropy(each, target.flatten()) for each in logits])


def train(place: str, tokens: torch.Tensor, K: int) -> dict[str, torch.Tensor]:
    """Adam on chunks of T characters of N places in the text, the states carried over; gradients clipped."""
    parameters = initial_parameters(K)
    optimizer = torch.optim.Adam(parameters.values(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    rows = tokens[: len(tokens) // N * N].view(N, -1)
    h = torch.zeros(SEEDS, N, H)
    chunks = (rows.shape[1] - 1) // T
    for step in range(STEPS):
        start = step % chunks * T
        states, _, _ = read(parameters, rows[:, start : start + T], h if start else torch.zeros_like(h), place)
        h = states[:, :, -1].detach()
        loss = losses(parameters, states, rows[:, start + 1 : start + T + 1])  # (S,)
        optimizer.zero_grad()
        loss.sum().backward()
        norms = sum((p.grad**2).reshape(SEEDS, -1).sum(dim=1) for p in parameters.values()).sqrt()
        for p in parameters.values():
            p.grad *= (THRESHOLD / norms).clamp(max=1).reshape(SEEDS, *[1] * (p.ndim - 1))
        optimizer.step()
        schedule.step()
        if (step + 1) % 500 == 0:
            print(f"{place}, step {step + 1}: {loss.detach().numpy().round(3)} nats a character", flush=True)
    return parameters


def main() -> None:
    torch.set_num_threads(1)
    characters, text = read_text()
    tokens = torch.from_numpy(text)
    held_out = tokens[-HELD_OUT:].view(40, -1)
    arrays = {}
    for place in ("before", "after"):
        parameters = train(place, tokens[:-HELD_OUT], len(characters))
        with torch.no_grad():
            states, r, z = read(parameters, held_out[:, :-1], torch.zeros(SEEDS, 40, H), place)
            arrays[f"{place}/loss"] = losses(parameters, states, held_out[:, 1:]).numpy()
        for name, gate in (("r", r), ("z", z)):
            arrays[f"{place}/{name}"] = gate[:, :, WARM_UP:].mean(dim=(1, 2)).numpy()
        if place == "before":
            arrays |= {name: parameters[name][0].detach().numpy() for name in ("U", "W", "b")}
        print(f"{place}: {arrays[f'{place}/loss'].round(3)} nats a character on text held out", flush=True)
    np.savez_compressed(FOLDER / "shakespeare_gru.npz", characters=np.array(characters), **arrays)


if __name__ == "__main__":
    main()
