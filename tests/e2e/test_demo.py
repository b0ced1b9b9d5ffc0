"""The demo on a user's own files: a folder, and a file of JSON lines."""

import json
import os
import subprocess

from conftest import LAUNCHER


def demo(tmp_path, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_")}
    environment["TMPDIR"] = str(tmp_path)
    return subprocess.run(
        [LAUNCHER, "demo", *map(str, arguments)], capture_output=True, text=True, timeout=180, env=environment, stdin=subprocess.DEVNULL
    )


def test_a_folder_of_ones_own(tmp_path):
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "mill.md").write_text("# Mills\n\nA quern is a hand mill that grinds grain into flour.\n")
    (folder / "deep" / "moon.txt").write_text("The moon orbits the earth in a month.\n\nTides follow it.\n")
    result = demo(tmp_path, folder, "--ask", "how is flour made", "--data", tmp_path / "data")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "mill.md:1" in result.stdout and "Every step was verified" in result.stdout
    assert (tmp_path / "data" / "admin.token").exists(), "a data directory that was named is kept"


def test_a_file_of_json_lines(tmp_path):
    lines = [{"_id": str(i), "title": f"Paper {i}", "text": text} for i, text in enumerate(["flow over a wing", "heat in a plate", ""])]
    (tmp_path / "papers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    result = demo(tmp_path, tmp_path / "papers.jsonl", "--ask", "aeroplane")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "papers.jsonl:1" in result.stdout


def test_nothing_to_work_on(tmp_path):
    assert demo(tmp_path, tmp_path / "nowhere").returncode == 2
    (tmp_path / "empty").mkdir()
    result = demo(tmp_path, tmp_path / "empty")
    assert result.returncode != 0 and "no files" in result.stdout + result.stderr
