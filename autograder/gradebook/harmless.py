"""What a stranger wrote, made safe to show: in a page, in a notebook, in a table of figures, in a log."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

import bleach
from bleach.css_sanitizer import CSSSanitizer

# Terminal control sequences: CSI (colours, cursor), OSC (titles, links), the string forms, two-character ones.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Control characters but tab and newline, marks that turn the direction of reading, lone surrogates.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!/?(?:b|br|em|hr|i|kbd|p|strong|sub|sup|u)\s*/?>)")
# Neither part runs on over the next picture's beginning: of very many, each would be looked at to the end of the text.
_IMAGE = re.compile(r"!\[(?P<alt>[^\[\]\n]*)\]\(attachment:(?P<name>[^)\n]{0,1000})\)|!(?=\[)")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*\Z")
_CLASS = re.compile(r"(?:tex|highlight|hl-[a-z0-9]+|[a-z]{1,3}[0-9]?|(?:test|points)-[a-z]+)\Z")
_NO_PART_OF_A_SCHEME = re.compile(r"[`\x00-\x20\x7f-\xa0\s]+")  # browsers, and bleach, read a link without these
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_INNER_FORMULA = re.compile(r"(?<=[;\t\r\n])(?=[=+\-@＝＋－＠])")

_TAGS = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "span", "strong"),
        *("sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
    }
)
_STYLE = CSSSanitizer(allowed_css_properties=["color", "background-color", "text-align", "white-space", "font-weight"])


def unicode(text: str) -> str:
    """`text` without the lone surrogates that JSON can hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain(text: str, longest: int = 4000) -> str:
    """`text` as characters that only say something: no terminal codes, no control or direction marks, not endless.

    text: anything. longest: characters kept; what is cut is counted at the end.
    """
    text = _UNSEEN.sub("", _TERMINAL.sub("", text.replace("\r\n", "\n")))
    if len(text) > longest:
        text = f"{text[:longest]}\n... ({len(text) - longest} more characters)"
    return text


def directions_marked(text: str) -> str:
    """`text` with each control character that turns the direction of reading shown by its number: [U+202E].

    What follows one is shown in another order than it has, so code can look like other code.
    """
    return _DIRECTION.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def line(text: str, longest: int = 500) -> str:
    """`plain(text)` on one line, so that it cannot forge a second one in a log or a table."""
    return " ".join(plain(text, longest).split())


def markdown(source: str, pictures: Mapping[str, str] | None = None) -> str:
    """Return a student's markdown with nothing in it that a browser would run or fetch, or that stops nbconvert.

    source: the text. pictures: the names of its attachments, and the names they get.
    Tags other than a few plain ones without attributes get a blank behind their `<` and are then text; pictures
    other than attachments become links. What is left reads the same: a formula such as $a<b$ still is one.
    """

    def picture(match: re.Match[str]) -> str:
        name = (pictures or {}).get(unquote((match["name"] or "").strip()))
        return f"![{match['alt']}](attachment:{name})" if name else match[0][1:]

    return _IMAGE.sub(picture, _TAG.sub("< ", unicode(source)))


def markdown_text(text: str) -> str:
    """`text` on one line of a Markdown page, where no character of it means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line(text, 2000))


def fenced(text: str, language: str = "") -> str:
    """`text` as a block of code of a Markdown page, fenced longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{plain(text, 100_000).rstrip()}\n{fence}"


@lru_cache(maxsize=4096)
def html(fragment: str) -> str:
    """Return a fragment of HTML with the tags of a text, pictures that it holds itself, and links on request.

    No script, no handler, no `javascript:`, no form, no frame, nothing fetched when the page is opened.
    """
    cleaner = bleach.Cleaner(tags=_TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"},
                             css_sanitizer=_STYLE, strip=True)  # fmt: skip
    return str(cleaner.clean(unicode(fragment)))


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return all(_CLASS.match(word) for word in value.split())
    if tag == "a":
        scheme = _NO_PART_OF_A_SCHEME.sub("", unescape(value)).lower()
        return name == "title" or (name == "href" and not scheme.startswith("data"))
    if tag == "img":
        return name in ("alt", "width", "height") or (name == "src" and bool(_PICTURE.match(value)))
    if tag in ("td", "th"):
        return name in ("colspan", "rowspan", "style")
    return name == "style" and tag in ("table", "div", "span", "p", "pre")


def spreadsheet(value: object) -> str:
    """One cell of a CSV file that no spreadsheet takes for a formula.

    Numbers stay numbers, None is empty; text that begins with = + - @, a tab or a line end, and is not a number, gets
    an apostrophe in front, and so does = + - @ behind a semicolon, a tab or a line end: where a comma is the decimal
    point, spreadsheets split there, whatever the quotes say. Quoting is the csv module's work.
    Source: OWASP, CSV injection.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else ""
    text = _TERMINAL.sub("", unicode(str(value))).replace("\x00", "")
    text = _INNER_FORMULA.sub("'", text)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def number(value: float) -> str:
    """Return a number as people read points: two decimals at most."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text) is not None
