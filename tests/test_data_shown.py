"""beams.json and photographs.npz: what one captioner has said, recorded."""

import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DATA = Path(__file__).parents[1] / "data"
BEAMS = json.loads((DATA / "beams.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_each_round_continues_what_the_round_before_has_kept(k):
    rounds = [[[0, "START", 0.0, 0.0, False]], *BEAMS["beams"][str(k)]]
    for before, after in pairwise(rounds):
        totals = [total for *_, total, _ in after]
        assert totals == sorted(totals, reverse=True)
        for slot, word, cost, total, ended in after:
            assert slot < min(k, len(before))
            assert total == pytest.approx(before[slot][3] + cost, abs=2e-3)
            assert ended == (before[slot][1] == "END")
            assert not ended or (word, cost) == ("END", 0.0)
    assert all(word == "END" for _, word, *_ in rounds[-1][:k])


def test_greedy_decoding_misses_the_name_that_a_beam_of_three_finds():
    def said(k):
        slots = [([], 0.0)]
        for continuations in BEAMS["beams"][str(k)]:
            slots = [
                (slots[p][0] if over else [*slots[p][0], word], total) for p, word, _, total, over in continuations[:k]
            ]
        return " ".join(max(slots, key=lambda slot: slot[1] / len(slot[0]))[0][:-1])

    assert said(1) == BEAMS["greedy"]
    assert said(3) == BEAMS["name"] != BEAMS["greedy"]


def test_the_photographs_are_small_and_each_has_its_credit():
    credits = (DATA / "README.md").read_text(encoding="utf-8")
    with np.load(DATA / "photographs.npz") as file:
        names = file["names"].tolist()
        assert file["captions"].shape == (6, 2)
        for name in names:
            content = file[f"jpeg/{name}"].tobytes()
            assert len(content) <= 40_000
            image = Image.open(io.BytesIO(content))
            assert image.format == "JPEG"
            assert max(image.size) <= 240
            assert f"{name.title()}: " in credits or f"{name.title()} (" in credits
    assert len(names) == 6
