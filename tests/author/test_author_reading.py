"""author/reading.py: how long a chapter's sections take to read."""

from autograder.author import reading
from autograder.author.build import read_source, source_notebook
from autograder.course.paths import Repository

NAME = "a1_sample"
RESULT = f"{reading.RESULT}\n\none two three\n</details>"
HELP = "<details><summary>It fails</summary>\n\none two three\n</details>"


def test_words_of_results_count_and_words_of_help_do_not():
    assert reading.words("one $a + b$ two") == 5
    assert reading.words(f"one\n\n{HELP}\n\ntwo") == 2
    assert reading.words(f"one\n\n{RESULT}\n\n{HELP}\n\ntwo") == 2 + len(RESULT.split())


def test_a_section_announces_the_minutes_of_all_its_texts_behind_its_summary(sample: Repository):
    long = "word " * reading.WORDS_PER_MINUTE
    with sample.source(NAME).open("a") as script:
        script.write(
            f"\n# %% [markdown]\n# ## 1. One\n#\n# *What it says.*\n#\n# {long}\n\n# %% [markdown]\n# {long}\n"
        )
        script.write(f"\n# %% [markdown]\n# ## 2. Two\n#\n# {long}\n")
    source = read_source(sample, NAME)
    assert [found for found in reading.section_minutes(source.cells) if found] == [2, 1]
    texts = [cell.source for cell in source_notebook(sample, source).cells if cell.source.startswith("## ")]
    assert texts[1].startswith("## 1. One\n\n*What it says.* (About 2 minutes to read.)\n\nword word")
    assert texts[2].startswith("## 2. Two\n\n(About 1 minute to read.)\n\nword word")
