"""emoji.npz is what its README says, no split tells another's names, and its script keeps its rules."""

import hashlib
import io
import json
import re
import tarfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from test_data import DATA, ROOT, load

make_emoji = load("make_emoji")

HELD_OUT = ("validation", "combinations", "concepts")
TONES = {"1F3FB": "light", "1F3FC": "medium light", "1F3FD": "medium", "1F3FE": "medium dark", "1F3FF": "dark"}


@pytest.fixture(scope="module")
def emoji():
    with np.load(DATA / "emoji.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def hidden():
    return json.loads(make_emoji.HIDDEN_NAMES.read_text(encoding="utf-8"))


def of_split(emoji, *splits):
    return np.isin(emoji["split"], splits)


def words(captions):
    return {word for caption in captions for word in caption.split()}


def pixels(pictures):
    return {picture.tobytes() for picture in pictures}


def test_the_file_is_small_enough_to_be_committed():
    assert (DATA / "emoji.npz").stat().st_size < 10_000_000


def test_the_licences_stand_beside_the_file():
    text = (DATA / "LICENSE-emoji.txt").read_text(encoding="utf-8")
    for needed in (
        "Noto Emoji",
        "Apache License",
        "Twemoji",
        "creativecommons.org/licenses/by/4.0",
        "What was changed",
    ):
        assert needed in text
    assert "UNICODE LICENSE V3" in text
    assert "Copyright (c) 2013 Cal Henderson" in text


def test_every_row_has_a_picture_a_caption_and_where_it_comes_from(emoji):
    N = len(emoji["ids"])
    assert emoji["pictures"].shape == (N, 32, 32, 3)
    assert emoji["pictures"].dtype == np.uint8
    assert emoji["captions"].shape == (N, 1)
    for key in ("split", "names", "styles", "codepoints", "concepts", "tones", "groups", "subgroups"):
        assert emoji[key].shape == (N,)
        assert emoji[key].dtype.kind == "U"
    assert len(set(emoji["ids"])) == N


def test_the_splits_have_the_sizes_that_the_readme_tells(emoji, hidden):
    counts = Counter(emoji["split"].tolist()) | {"hidden": len(hidden)}
    assert counts == {"train": 5736, "validation": 232, "combinations": 712, "concepts": 268, "hidden": 312}
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert all(re.search(rf"(?m)^{split} +{count}  ", text) for split, count in counts.items())


def test_every_emoji_has_both_styles_in_one_split(emoji):
    found = {style: set() for style in make_emoji.STYLES}
    for style, codepoints, split in zip(emoji["styles"], emoji["codepoints"], emoji["split"], strict=True):
        found[style].add((codepoints, split))
    assert found["noto"] == found["twemoji"]
    assert len(found["noto"]) == len({codepoints for codepoints, _ in found["noto"]}) == len(emoji["ids"]) / 2


def test_pictures_stand_on_white(emoji):
    corners = emoji["pictures"][:, [0, 0, -1, -1], [0, -1, 0, -1]]  # (N, 4, 3)
    assert np.mean(corners == 255) > 0.9
    assert emoji["pictures"].std(axis=(1, 2, 3)).min() > 0


def test_captions_are_the_names_in_plain_words(emoji):
    assert emoji["captions"][:, 0].tolist() == [make_emoji.sentence(name) for name in emoji["names"]]
    lengths = [len(caption.split()) for caption in emoji["captions"][:, 0]]
    assert min(lengths) == 1
    assert max(lengths) == 13


@pytest.mark.parametrize("split", HELD_OUT)
def test_nothing_held_out_is_trained_and_all_its_words_are(emoji, split):
    train, held_out = of_split(emoji, "train"), of_split(emoji, split)
    for key in ("captions", "codepoints"):
        assert not set(emoji[key][train].ravel()) & set(emoji[key][held_out].ravel())
    assert words(emoji["captions"][held_out, 0]) <= words(emoji["captions"][train, 0])


def test_no_picture_stands_in_two_splits(emoji):
    parts = [pixels(emoji["pictures"][of_split(emoji, split)]) for split in ("train", *HELD_OUT)]
    parts.append(pixels(emoji["hidden_pictures"]))
    assert sum(map(len, parts)) == len(set().union(*parts))


@pytest.mark.parametrize("split", ["validation", "combinations"])
def test_of_an_unseen_combination_both_parts_are_trained(emoji, split):
    train, held_out = of_split(emoji, "train"), of_split(emoji, split)
    assert set(emoji["concepts"][held_out]) <= set(emoji["concepts"][train])
    assert set(emoji["tones"][held_out]) <= set(emoji["tones"][train])
    toned = Counter(emoji["concepts"][train & (emoji["tones"] != "")])
    assert min(toned[concept] for concept in emoji["concepts"][held_out]) >= 2 * 2  # two tones in two styles


def test_of_an_unseen_concept_no_gender_and_no_tone_is_trained(emoji):
    train, concepts = of_split(emoji, "train"), of_split(emoji, "concepts")
    families = {split: set(map(make_emoji.family, emoji["concepts"][rows])) for split, rows in
                (("train", train), ("concepts", concepts))}  # fmt: skip
    assert not families["train"] & families["concepts"]
    assert len(families["concepts"]) == make_emoji.CONCEPTS


def test_hidden_pictures_are_those_that_the_instructors_can_name(emoji, hidden):
    assert emoji["hidden_ids"].tolist() == list(hidden)
    assert emoji["hidden_pictures"].shape == (len(hidden), 32, 32, 3)
    assert emoji["hidden_pictures"].dtype == np.uint8
    assert Counter(entry["kind"] for entry in hidden.values()) == {"combinations": 240, "concepts": 72}
    assert {entry["style"] for entry in hidden.values()} == set(make_emoji.STYLES)


def test_students_get_nothing_that_names_a_hidden_picture(emoji, hidden):
    shown = {text for array in emoji.values() if array.dtype.kind == "U" for text in array.ravel().tolist()}
    for entry in hidden.values():
        assert not shown & {entry["caption"], entry["codepoints"], f"{entry['style']}-{entry['codepoints'].lower()}"}
    assert not pixels(emoji["pictures"]) & pixels(emoji["hidden_pictures"])


def test_the_instructors_file_is_no_data_of_the_students():
    assert make_emoji.HIDDEN_NAMES.is_relative_to(ROOT / "solutions")


def test_hidden_words_are_trained_and_hidden_roles_are_of_their_kind(emoji, hidden):
    train = of_split(emoji, "train")
    assert words(entry["caption"] for entry in hidden.values()) <= words(emoji["captions"][train, 0])
    families = {make_emoji.family(concept) for concept in emoji["concepts"]}
    for entry in hidden.values():
        assert (make_emoji.family(entry["concept"]) in families) == (entry["kind"] == "combinations")
    trained = set(emoji["concepts"][train])
    assert {entry["concept"] for entry in hidden.values() if entry["kind"] == "combinations"} <= trained


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("man: medium-light skin tone, red hair", "man medium light skin tone red hair"),
        ("flag: Côte d’Ivoire", "flag côte d'ivoire"),
        ("UP! button", "up button"),
        ("keycap: #", "keycap"),
    ],
)
def test_sentences_are_lower_case_words(text, written):
    assert make_emoji.sentence(text) == written


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1F468-200D-1F680", "1F469-200D-1F680"),  # man astronaut, woman astronaut
        ("1F3C3", "1F3C3-200D-2640-FE0F-200D-27A1-FE0F"),  # person running, woman running facing right
        ("1F491", "1F469-200D-2764-FE0F-200D-1F468"),  # couple with heart, and of woman and man
        ("1F46C", "1F9D1-200D-1F91D-200D-1F9D1"),  # men holding hands, people holding hands
    ],
)
def test_one_role_is_one_family(first, second):
    assert make_emoji.family(first) == make_emoji.family(second)


def test_different_roles_are_different_families():
    concepts = ["1F468", "2640-FE0F", "2642-FE0F", "27A1-FE0F", "1F468-200D-1F680", "1F468-200D-1F692", "1F600"]
    assert len(set(map(make_emoji.family, concepts))) == len(concepts)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_laid_on_white_and_halved():
    pixels = np.zeros((64, 64, 4), np.uint8)  # black and clear
    pixels[:2, :2] = [[[0, 0, 0, 255], [100, 0, 0, 255]], [[200, 0, 0, 255], [0, 0, 0, 0]]]
    pixels[2:4, :2, 3] = 51  # a fifth of black on white
    made = make_emoji.picture(png(pixels))
    assert made.shape == (32, 32, 3)
    assert made[0, 0].tolist() == [139, 64, 64]  # (0 + 100 + 200 + 255) / 4 = 138.75 and 255 / 4 = 63.75
    assert made[1, 0].tolist() == [204, 204, 204]
    assert np.all(made[:, 1:] == 255)


def test_pictures_drawn_alike_are_found():
    pictures = np.zeros((5, 32, 32, 3), np.uint8)
    pictures[[1, 3], 0, 0, 0] = 1
    pictures[4, 0, 0, 0] = 2
    assert make_emoji.drawn_alike(pictures) == {0, 1, 2, 3}


def small_emoji():
    """Twelve roles in six tones each and forty things, which share their words in pairs."""
    roles = [f"1F9D1-200D-1F{number}" for number in range(680, 692)]
    people = [
        make_emoji.Emoji(f"{role}-{tone}".strip("-"), role, tone, f"role {number // 2}: {said}", "People", "role")
        for number, role in enumerate(roles)
        for tone, said in {"": f"worker {number % 2}", **{t: f"worker {number % 2} {s} tone" for t, s in TONES.items()}}
        .items()
    ]  # fmt: skip
    things = [
        make_emoji.Emoji(f"1F{number}", f"1F{number}", "", f"thing {number // 2} {number % 2}", "Objects", "tool")
        for number in range(300, 340)
    ]
    return people + things


def test_combinations_keep_three_of_five_tones_in_training():
    people = [one for one in small_emoji() if one.group == "People"]
    split = make_emoji.split_combinations(people, set())
    for concept in {one.concept for one in people}:
        drawn = Counter(split.get(one.codepoints, "train") for one in people if one.concept == concept)
        assert drawn["train"] == 4  # three tones and none
        assert drawn["combinations"] == 1
        assert drawn["validation"] + drawn["hidden"] == 1
    assert set(split.values()) == {"combinations", "validation", "hidden"}


def test_tones_that_are_drawn_alike_stay_in_training():
    people = [one for one in small_emoji() if one.group == "People"]
    alike = {one.codepoints for one in people if one.concept == people[0].concept}
    split = make_emoji.split_combinations(people, alike)
    assert not alike & set(split)
    assert len(split) == 11 * 2


def test_concepts_are_held_out_whole_and_leave_their_words(monkeypatch):
    monkeypatch.setattr(make_emoji, "CONCEPTS", 6)
    monkeypatch.setattr(make_emoji, "HIDDEN_CONCEPTS", 3)
    listed = small_emoji()
    split = make_emoji.split_concepts(listed, set())
    concept = {one.codepoints: one.concept for one in listed}
    assert len({concept[c] for c in split if split[c] == "concepts"}) == 6
    assert len({concept[c] for c in split if split[c] == "hidden"}) == 3
    forms = Counter(concept.values())
    assert all(count == forms[key] for key, count in Counter(concept[c] for c in split).items())
    left = words(make_emoji.sentence(one.name) for one in listed if one.codepoints not in split)
    assert words(make_emoji.sentence(one.name) for one in listed) == left


def test_a_concept_drawn_like_another_is_never_held_out(monkeypatch):
    monkeypatch.setattr(make_emoji, "HIDDEN_CONCEPTS", 1000)
    listed = small_emoji()
    free = make_emoji.split_concepts(listed, set())
    assert not set(make_emoji.split_concepts(listed, set(free))) & set(free)


def packed(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def archives(tmp_path, monkeypatch):
    """The four archives of the twelve roles and forty things; half of the names are written without U+FE0F."""
    listed = small_emoji()
    entries, pictures, names = {}, {}, {"annotations": {}, "annotationsDerived": {}}
    for number, one in enumerate(listed):
        codepoints = f"{one.codepoints}-FE0F"
        entry = entries.setdefault(one.concept, {"category": one.group, "subcategory": one.subgroup})
        if one.tone:
            entry.setdefault("skin_variations", {})[one.tone] = {"unified": codepoints}
        else:
            entry |= {"unified": codepoints, "sort_order": number}
        pictures[codepoints.lower()] = np.random.default_rng(number).integers(0, 256, (64, 64, 4), dtype=np.uint8)
        characters = "".join(chr(int(code, 16)) for code in codepoints.split("-"))
        written = characters if number % 2 else characters.replace("\ufe0f", "")
        names["annotationsDerived" if one.tone else "annotations"][written] = {"tts": [one.name], "default": ["x"]}
    contents = {"package/package.json": b"{}", "package/emoji.json": json.dumps(list(entries.values())[::-1]).encode()}
    images = {
        style: {f"package/img/{style}/64/{name}.png": png(255 - drawn if style == "twitter" else drawn)
                for name, drawn in pictures.items()}
        for style in ("google", "twitter")
    }  # fmt: skip
    files = {
        "emoji-datasource-google@1": contents | images["google"],
        "emoji-datasource-twitter@1": contents | images["twitter"],
        "cldr-annotations-full@1": {
            "package/annotations/en/annotations.json": json.dumps(
                {"annotations": {"annotations": names["annotations"]}}
            ).encode()
        },
        "cldr-annotations-derived-full@1": {
            "package/annotationsDerived/en/annotations.json": json.dumps(
                {"annotationsDerived": {"annotations": names["annotationsDerived"]}}
            ).encode()
        },
    }
    digests = {}
    for package, content in files.items():
        archive = packed(content)
        (tmp_path / f"{package.replace('@', '-')}.tgz").write_bytes(archive)
        digests[package] = hashlib.sha256(archive).hexdigest()
    monkeypatch.setattr(make_emoji, "ARCHIVES", digests)
    monkeypatch.setattr(make_emoji, "CONCEPTS", 6)
    monkeypatch.setattr(make_emoji, "HIDDEN_CONCEPTS", 3)
    return tmp_path


def test_the_archives_make_the_tables(archives):
    made, names = make_emoji.make(archives)
    expected = {one.codepoints: one for one in small_emoji()}
    codepoints = [c.removesuffix("-FE0F") for c in made["codepoints"]]
    assert made["names"].tolist() == [expected[c].name for c in codepoints]
    assert made["tones"].tolist() == [expected[c].tone for c in codepoints]
    assert made["groups"].tolist() == [expected[c].group for c in codepoints]
    shown = len(made["ids"]) // 2
    assert shown + len(names) == len(expected)
    assert codepoints[:shown] == codepoints[shown:] == [c for c in expected if c in set(codepoints)]
    assert made["styles"].tolist() == ["noto"] * shown + ["twemoji"] * shown
    hidden = [expected[entry["codepoints"].removesuffix("-FE0F")] for entry in names.values()]
    assert [entry["caption"] for entry in names.values()] == [make_emoji.sentence(one.name) for one in hidden]
    styles = [entry["style"] for entry in names.values()]
    numbers = [list(expected).index(one.codepoints) for one in hidden]
    for drawn, style, number in zip(made["hidden_pictures"], styles, numbers, strict=True):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 4), dtype=np.uint8)
        original = png(255 - pixels if style == "twemoji" else pixels)
        np.testing.assert_array_equal(drawn, make_emoji.picture(original))


def test_the_tables_come_out_the_same_again(archives):
    first, second = make_emoji.make(archives), make_emoji.make(archives)
    assert first[1] == second[1]
    assert list(first[1]) == list(second[1])
    for key, value in first[0].items():
        np.testing.assert_array_equal(value, second[0][key])


def test_another_archive_is_refused(archives):
    path = archives / "cldr-annotations-full-1.tgz"
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(ValueError, match="sha256"):
        make_emoji.make(archives)
