"""What mkdocs does with this repository: pages that lie outside docs/ are in the site, too, with links that work."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "assignments/README.md", "assignments/NOTATION.md")
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]*)\]\((?P<to>[^)\s#]*)(?P<part>#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside docs/, under their own paths."""
    for path in OUTSIDE:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links into the repository to pages of the site; of a link to another file only its text stays."""
    own = page.file.src_uri
    here = posixpath.dirname(own if own in OUTSIDE else f"docs/{own}")

    def mended(link: re.Match[str]) -> str:
        target = link["to"]
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        path = posixpath.normpath(posixpath.join(here, target))
        known = "index.md" if path == "README.md" else path.removeprefix("docs/")
        if path in OUTSIDE or (path.startswith("docs/") and (ROOT / path).is_file()) or path == "README.md":
            there = posixpath.relpath(known, posixpath.dirname(own) or ".")
            return f"[{link['text']}]({there}{'' if path == 'README.md' else link['part'] or ''})"
        return str(link["text"])

    return _LINK.sub(mended, markdown)
