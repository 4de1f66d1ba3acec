"""The shipped data are the registered ones, described, licensed, and what the notebooks expect."""

import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"


def load(name: str) -> ModuleType:
    (path,) = [*DATA.glob(f"{name}.py"), *ROOT.glob(f"solutions/*/{name}.py")]
    spec = importlib.util.spec_from_file_location(f"data_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


registry = load("registry")
make_text = load("make_text")


def test_every_data_file_is_registered_and_every_registered_file_exists():
    assert sorted(registry.read_registry()) == [path.relative_to(DATA).as_posix() for path in registry.data_files()]


@pytest.mark.parametrize("name", sorted(registry.read_registry()))
def test_file_has_the_registered_sha256(name):
    assert registry.sha256(DATA / name) == registry.read_registry()[name]


@pytest.mark.parametrize("name", sorted(registry.read_registry()))
def test_readme_names_each_file(name):
    assert f"`{name}`" in (DATA / "README.md").read_text(encoding="utf-8")


def test_every_file_a_notebook_asks_for_is_registered():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "solutions").glob("*/chapter.py")]
    wanted = {name for source in sources for name in re.findall(r"""data_path\(["'](.+?)["']\)""", source)}
    assert wanted
    assert wanted <= set(registry.read_registry())


def test_registry_is_written_as_it_stands(monkeypatch, tmp_path):
    written = (DATA / "registry.txt").read_text(encoding="utf-8")
    for name in registry.read_registry():
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "README.md").write_text("no data", encoding="utf-8")
    (tmp_path / "make.py").write_text("no data", encoding="utf-8")
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    registry.write_registry()
    assert (tmp_path / "registry.txt").read_text(encoding="utf-8") == written


def test_surnames_are_20000_different_words_in_lower_case():
    names = (DATA / "surnames.txt").read_text(encoding="ascii").splitlines()
    assert len(names) == len(set(names)) == make_text.SURNAMES
    assert all(name and set(name) <= set(string.ascii_lowercase) for name in names)
    assert names[0] == "smith"


def test_shakespeare_holds_six_plays_of_plain_characters():
    text = (DATA / "shakespeare.txt").read_text(encoding="ascii")
    assert len(re.findall(r"^ACT I\.$", text, flags=re.MULTILINE)) == len(make_text.PLAYS) == 6
    assert len(set(text)) == 72
    assert "\r" not in text


def test_surname_model_is_finite_and_has_the_shapes_of_a_character_rnn():
    with np.load(DATA / "surname_model.npz") as file:
        model = dict(file)
    K, H = 27, 128
    shapes = {"U": (H, K), "W": (H, H), "b": (H,), "V": (K, H), "c_out": (K,)}
    assert {name: value.shape for name, value in model.items()} == shapes
    assert all(np.isfinite(value).all() for value in model.values())


def test_play_starts_at_its_first_act_without_doubled_blank_lines():
    text = "TITLE\n\nPERSONS\n\nACT I.\n\n\n\nBer.  \nWho's there?\n\n"
    assert make_text.play(text) == "ACT I.\n\nBer.\nWho's there?\n"


def test_surnames_are_read_from_the_census_lines():
    assert make_text.surnames("SMITH 1.006 1.006 1\nJOHNSON 0.810 1.816 2\n") == "smith\njohnson\n"
