"""A chapter's Markdown as plain text or HTML that reads without a renderer: emphasis, code, and formulas in Unicode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

_SPAN = re.compile(
    r"`(?P<code>[^`]+)`|\$\$?(?P<math>[^$]+)\$\$?|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_SYMBOLS = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "theta": "θ"},
    **{"lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "ell": "ℓ", "partial": "∂"},
    **{"sum": "Σ", "prod": "Π", "infty": "∞", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "cdot": "·"},
    **{"times": "×", "otimes": "⊗", "odot": "⊙", "to": "→", "leftarrow": "←", "rightarrow": "→", "top": "ᵀ"},
    **{"|": "‖", ",": " ", ";": " ", "!": "", "{": "{", "}": "}", "big": "", "left": "", "right": ""},
}
_BELOW = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_ABOVE = str.maketrans("0123456789+-=()aijknrtᵀ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃⁱʲᵏⁿʳᵗᵀ")
_SMALL = {*map(chr, _BELOW.values()), *map(chr, _ABOVE.values())}
_MARKS = {"_": "\ue000", "^": "\ue001"}  # of indices and exponents that stay as they are, until all else is done
_LEFT = str.maketrans({"\ue000": "_", "\ue001": "^", "{": None, "}": None})
_GROUP = r"\{([^{}]*)\}"


def as_text(markdown: str) -> str:
    """Return Markdown as text: a line for each paragraph, formulas in Unicode."""
    return "\n".join("".join(text for _, text in _spans(paragraph)) for paragraph in _paragraphs(markdown))


def as_html(markdown: str) -> str:
    """Return Markdown as HTML paragraphs; its formulas are text in Unicode, its own tags are left out."""
    paragraphs = []
    for paragraph in _paragraphs(markdown):
        spans = (f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text) for tag, text in _spans(paragraph))
        paragraphs.append(f'<p style="margin:4px 0">{"".join(spans)}</p>')
    return "".join(paragraphs)


def _paragraphs(markdown: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", markdown.strip())]


def _spans(paragraph: str) -> Iterator[tuple[str, str]]:
    """Yield (tag of HTML or '', text) of the parts of a paragraph."""
    end = 0
    for match in _SPAN.finditer(paragraph):
        yield "", _words(paragraph[end : match.start()])
        kind, found = match.lastgroup, match[match.lastgroup or 0]
        if kind == "code":
            yield "code", found
        elif kind == "math":
            yield "i", formula(found)
        else:
            yield str(kind), "".join(text for _, text in _spans(found))
        end = match.end()
    yield "", _words(paragraph[end:])


def _words(text: str) -> str:
    return unescape(_TAG.sub("", text))


def formula(latex: str) -> str:
    """Return a formula of LaTeX in Unicode, such as "hₜ₋₁ ≥ 0"; what has no sign of its own stays in ASCII."""
    text = re.sub(r"\\hat\s*(?:\{\\mathbf\{(\w)\}\}|\{(\w)\}|(\w))", lambda m: f"{m[1] or m[2] or m[3]}\u0302", latex)
    text = re.sub(r"\\(?:mathbf|mathrm|mathit|text|operatorname)\s*" + _GROUP, r"\1", text)
    text = re.sub(r"\\([A-Za-z]+|[|,;!{}])", lambda m: _SYMBOLS.get(m[1], m[1]) if m[1] != "frac" else m[0], text)
    before = ""
    while before != text:  # from the inside to the outside
        before = text
        text = re.sub(r"([_^])(?:" + _GROUP + r"|(\S))", _script, text)
        text = re.sub(r"\\frac\s*" + _GROUP + r"\s*" + _GROUP, lambda m: f"({_whole(m[1])}/{_whole(m[2])})", text)
    return " ".join(text.translate(_LEFT).replace("∂ ", "∂").split())


def _script(match: re.Match[str]) -> str:
    """An index or an exponent: in small signs if there are any for all of it."""
    mark, text = match[1], match[2] if match[2] is not None else match[3]
    small = text.replace(" ", "").translate(_BELOW if mark == "_" else _ABOVE)
    if set(small) <= _SMALL:
        return small
    return f"{_MARKS[mark]}{_whole(text)}"


def _whole(text: str) -> str:
    """Text in parentheses, unless it is one word, number or derivative."""
    return text if re.fullmatch(r"(∂ ?)?[\w\u0302]*", text) else f"({text})"
