"""A headless Chromium, and Jupyter servers for it to open: fixtures of tests/browser and of the one test beside it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_BROWSER = "no Chromium on the PATH: install one (Debian: apt-get install chromium) or set CHROMIUM to its file"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
START_SECONDS = 60
PATIENCE = 90_000  # milliseconds until something must be seen: a kernel imports torch first, and machines are busy

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class JupyterServer:
    """A running server: its address with the slash at the end, its token, the file with what it has printed."""

    url: str
    token: str
    log: Path

    def at(self, path: str) -> str:
        """Return the address of `path` on the server, with the token that lets a browser in."""
        return f"{self.url}{path}?token={self.token}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium. The tests are skipped, with what to do, where there is none."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own, 1200 wide, which may speak to this machine alone."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.route(lambda url: not url.startswith(("http://127.0.0.1", "file:", "data:")), lambda route: route.abort())
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def jupyter_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., JupyterServer]]:
    """Call it with a folder to get a JupyterLab server on it, as `jupyter lab` starts one in that folder.

    Further arguments are the server's. Its settings and its home are a new folder; a name given as a keyword, such
    as USER, is set in its environment. It ends with the module's last test.
    """
    with ExitStack() as running:

        def start(folder: Path, *arguments: str, **environment: str) -> JupyterServer:
            home = tmp_path_factory.mktemp("home")
            return running.enter_context(_running(folder, home, arguments, environment))

        yield start


@contextmanager
def _running(
    folder: Path, home: Path, arguments: tuple[str, ...], environment: dict[str, str]
) -> Iterator[JupyterServer]:
    token, runtime, log = secrets.token_hex(16), home / "runtime", home / "server.log"
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *("--ServerApp.port=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", *arguments),
    ]
    surroundings = os.environ | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "IPYTHONDIR": str(home / "ipython"),
        **environment,
    }
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield JupyterServer(_address(process, runtime, log), token, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait until the server has written where it listens."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text(encoding="utf-8"))["url"].replace("localhost", "127.0.0.1")
            except ValueError:  # half written
                continue
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")
