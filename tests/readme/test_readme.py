"""Runs every block of README.md in order, as a reader would, with an empty home.

The word after the language says how: `background` for a server that goes on running, `file=PATH` for source
that is written to a file (a Python file is run by a later block), `skip=REASON` for what cannot be run here.
Blocks of `text` are pictures.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest

from conftest import CHECKOUT, java_tool

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
BLOCKS = [
    (match.group(1), match.group(2).strip(), match.group(3), (CHECKOUT / "README.md").read_text()[: match.start()].count("\n") + 1)
    for match in BLOCK.finditer((CHECKOUT / "README.md").read_text())
]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The reader's shell: an empty home, ports that are free here, the JDK's tools on the PATH."""
    home = tmp_path_factory.mktemp("home")
    http, flight = free_port(), free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_") and k != "JAVA_HOME"}
    environment.update(
        HOME=str(home), QUERN_URL=f"http://127.0.0.1:{http}", QUERN_HTTP_PORT=str(http),
        QUERN_FLIGHT_PORT=str(flight), QUERN_FLIGHT_URL=f"grpc://127.0.0.1:{flight}",
        PATH=os.pathsep.join([str(java_tool("javac").parent), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]),
        VIRTUAL_ENV=sys.prefix,
    )
    running = []
    yield environment, running
    for process in running:
        process.terminate()
        process.wait(timeout=60)
    for leftover in ("quern-note.md", "quern-app.py", "quern-java", "headings.jar", "Tour.java"):
        path = pathlib.Path("/tmp", leftover)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def run(command, environment):
    result = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout


def test_there_are_blocks():
    assert len(BLOCKS) >= 12


@pytest.mark.parametrize(("language", "how", "source", "line"), BLOCKS, ids=[f"line-{block[3]}" for block in BLOCKS])
def test_block(reader, language, how, source, line):
    environment, running = reader
    if how.startswith("file="):
        pathlib.Path(how[5:]).write_text(source)
    elif how.startswith("skip=") or language == "text":
        return
    elif how == "background":
        process = subprocess.Popen(
            ["bash", "-c", "exec " + source], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, stdin=subprocess.DEVNULL,
        )
        running.append(process)
        started = time.monotonic()
        assert process.stdout.readline().startswith("ready http="), "the server did not get ready"
        assert time.monotonic() - started < 60
    elif language == "bash":
        run(["bash", "-euo", "pipefail", "-c", source], environment)
    elif language == "python":
        run([sys.executable, "-c", source], environment)
    else:
        raise AssertionError(f"README line {line}: no way to run a block of {language} {how}")


def test_links_lead_somewhere():
    text = (CHECKOUT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (CHECKOUT / target).exists(), target
