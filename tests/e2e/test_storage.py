"""The operator's view of the store: garbage, packs and damage, by the command line and the Python SDK."""

import json
import os
import re

import pytest


def storage(server, *arguments, check=True):
    return server.cli("storage", *arguments, "--json", check=check)


def collect(server):
    """Removes all garbage: the first run condemns it, the second removes it."""
    storage(server, "gc", "--grace", "0")
    return json.loads(storage(server, "gc", "--grace", "0").stdout)


@pytest.fixture
def filled(own_server, tmp_path):
    server = own_server()
    (tmp_path / "keep.bin").write_bytes(os.urandom(3_000_000))
    (tmp_path / "drop.bin").write_bytes(os.urandom(20_000_000))
    for name in ("keep", "drop"):
        server.cli("volume", "create", name)
        server.cli("volume", "put", name, tmp_path / f"{name}.bin")
    return server


def test_removed_files_are_collected_and_their_bytes_freed(filled, tmp_path):
    before = json.loads(storage(filled, "stats").stdout)
    assert before["chunks"] > 4 and before["applied_index"] > 0 and before["quarantined"] == 0
    filled.cli("volume", "delete", "drop", "--yes")
    dry = json.loads(storage(filled, "gc", "--grace", "0", "--dry-run").stdout)
    assert dry["dry_run"] and dry["spaces"][0]["garbage"] and not dry["spaces"][0].get("problem")
    removed = collect(filled)
    assert removed["removed_bytes"] > 19_000_000
    filled.stop()
    filled.start()  # the pack that is being written is never compacted
    assert json.loads(storage(filled, "compact").stdout)["bytes_freed"] > 10_000_000
    filled.cli("volume", "get", "keep", "keep.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == (tmp_path / "keep.bin").read_bytes()
    assert json.loads(storage(filled, "fsck").stdout)["clean"]

    filled.kill()
    filled.start()
    assert json.loads(storage(filled, "fsck").stdout)["clean"]
    filled.cli("volume", "get", "keep", "keep.bin", tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "keep.bin").read_bytes()


def test_damage_is_named_with_the_file_it_belongs_to(filled):
    filled.stop()
    packs = filled.data / "store" / "chunks" / "packs"
    largest = max((f for f in packs.iterdir() if f.suffix in (".pack", ".run")), key=lambda f: f.stat().st_size)
    with open(largest, "r+b") as file:
        file.seek(largest.stat().st_size // 2)
        wrong = bytes(b ^ 0xFF for b in file.read(16))
        file.seek(-16, os.SEEK_CUR)
        file.write(wrong)
    filled.start()
    result = storage(filled, "fsck", check=False)
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert not report["clean"] and report["damaged"] == 1
    finding = report["findings"][0]
    assert re.search(r"volume (keep|drop), commit [0-9a-f]{64}, (keep|drop)\.bin", finding["use"])
    assert largest.name in finding["problem"] and "offset" in finding["problem"]
    assert finding["use"] in filled.cli("storage", "explain", finding["chunk"]).stdout
    lost = storage(filled, "repair", check=False)
    assert lost.returncode == 1 and json.loads(lost.stdout)["losses"][0]["use"] == finding["use"]


def test_python_sdk(filled):
    import quern

    with quern.Client(filled.url, filled.token) as client:
        assert client.storage.stats().chunks > 4
        assert client.storage.gc(grace=0, dry_run=True).dry_run
        assert client.storage.compact().packs_kept == 0
        assert client.storage.fsck().clean
        assert client.storage.repair().lost == 0


def test_bad_input_is_named(filled):
    for arguments, status, word in (
        (("gc", "--grace", "-1"), 2, "grace_seconds"),
        (("gc", "--grace", "soon"), 2, "--grace"),
        (("explain", "ab"), 2, "64 lower-case hex digits"),
        (("explain", "0" * 64), 3, "0" * 64),
    ):
        result = filled.cli("storage", *arguments, check=False)
        assert result.returncode == status, result.stderr
        assert word in result.stderr
