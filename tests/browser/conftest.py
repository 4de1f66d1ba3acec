"""What is here drives a browser for minutes: `make browser` runs it. One of its kind is in `make test`, too."""

from browsing import chromium, jupyter_server, page  # noqa: F401, fixtures
