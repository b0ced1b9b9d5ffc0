"""The operator's view of the store: garbage, packs, damage, backups, keys and tiers, by the command line and the Python SDK."""

import json
import os
import pty
import re
import shutil
import subprocess

import httpx
import pytest

from conftest import LAUNCHER, Server


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
        ended = client.storage.operations().ended
        assert [operation.kind for operation in ended[:2]] == ["repair", "fsck"]
        assert client.storage.cancel(ended[0].id) == ended[0]
        with pytest.raises(quern.exception.NotFoundError, match="gc-1"):
            client.storage.cancel("gc-1")


def test_operations_are_listed_and_cancelled(filled):
    storage(filled, "fsck")
    storage(filled, "gc")
    listed = json.loads(storage(filled, "operations").stdout)
    assert listed["running"] == []
    gc, fsck = listed["ended"][:2]
    assert (gc["kind"], gc["state"], fsck["kind"], fsck["state"]) == ("gc", "done", "fsck", "done")
    assert gc["unit"] == "chunks" and gc["done"] == gc["total"] > 4 and gc["ended_at"] >= gc["started_at"]
    assert fsck["id"] in filled.cli("storage", "operations").stdout
    assert json.loads(storage(filled, "cancel", fsck["id"]).stdout) == fsck  # it has ended
    unknown = storage(filled, "cancel", "fsck-1", check=False)
    assert unknown.returncode == 3 and "fsck-1" in unknown.stderr


def on_a_terminal(server, *arguments):
    """What the command line writes to a terminal, and its exit status."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [LAUNCHER, *map(str, arguments)], stdin=child, stdout=child, stderr=child, env=server.client_environment()
    )
    os.close(child)
    written = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        written += piece
    os.close(parent)
    return process.wait(timeout=60), written.decode()


def test_progress_on_a_terminal(filled, tmp_path):
    for i in range(6):
        put(filled, "keep", f"big{i}", os.urandom(60_000_000), tmp_path)
    status, written = on_a_terminal(filled, "storage", "backup", "--to", f"file://{tmp_path / 'backups'}")
    assert status == 0 and "bytes" in written
    status, written = on_a_terminal(filled, "storage", "fsck")
    assert status == 0 and "clean" in written
    assert re.search(r"fsck \[#*\.*\] +\d+ % read packs", written), written


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


def backup(server, place):
    return json.loads(storage(server, "backup", "--to", place).stdout)


def put(server, volume, name, content, folder):
    (folder / name).write_bytes(content)
    server.cli("volume", "put", volume, folder / name)


def same(server, volume, name, content, folder):
    server.cli("volume", "get", volume, name, folder / "got")
    assert (folder / "got").read_bytes() == content


def test_a_backup_is_incremental_and_restores(own_server, tmp_path):
    server = own_server()
    place = f"file://{tmp_path / 'backups'}"
    big, small, late = os.urandom(3_000_000), b"a line of text\n" * 5000, os.urandom(500_000)
    server.cli("volume", "create", "v")
    put(server, "v", "big", big, tmp_path)
    put(server, "v", "small", small, tmp_path)
    first = backup(server, place)
    assert first["new_files"] == first["files"] and first["new_bytes"] == first["bytes"] > 3_000_000
    put(server, "v", "late", late, tmp_path)
    second = backup(server, place)
    assert 500_000 < second["new_bytes"] < 2_000_000 and second["bytes"] > 3_500_000
    listed = json.loads(storage(server, "backups", "--to", place).stdout)["backups"]
    assert [b["id"] for b in listed] == [first["id"], second["id"]]
    state = json.loads(storage(server, "stats").stdout)
    assert state["state_hash"] == second["state_hash"] and state["applied_index"] == second["index"]
    old_token = server.token
    server.stop()
    shutil.rmtree(server.data)

    assert json.loads(storage(server, "verify-backup", "--from", place).stdout)["id"] == second["id"]
    restored = json.loads(server.cli("restore", "--from", place, "--data", server.data, "--json").stdout)
    assert restored["id"] == second["id"]
    again = server.cli("restore", "--from", place, "--data", tmp_path, check=False)
    assert again.returncode == 2 and "must be empty" in again.stderr
    server.start()
    assert server.token != old_token  # a new one is made; the old one, whose hash was in the backup, is good too
    for name, content in (("big", big), ("small", small), ("late", late)):
        same(server, "v", name, content, tmp_path)
    assert json.loads(storage(server, "fsck").stdout)["clean"]
    server.token = old_token
    same(server, "v", "late", late, tmp_path)
    server.stop()

    server.data = tmp_path / "earlier"
    server.cli("restore", "--from", place, "--backup", first["id"], "--data", server.data)
    server.start()
    same(server, "v", "big", big, tmp_path)
    assert server.cli("volume", "get", "v", "late", tmp_path / "got2", check=False).returncode == 3


def test_repair_fetches_from_a_backup(filled, tmp_path):
    place = f"file://{tmp_path / 'backups'}"
    backup(filled, place)
    filled.stop()
    packs = filled.data / "store" / "chunks" / "packs"
    for pack in packs.iterdir():
        if pack.suffix in (".pack", ".run") and pack.stat().st_size > 100_000:
            with open(pack, "r+b") as file:
                file.seek(50_000)
                wrong = bytes(b ^ 0xFF for b in file.read(16))
                file.seek(-16, os.SEEK_CUR)
                file.write(wrong)
    filled.start()
    assert storage(filled, "fsck", check=False).returncode == 1
    nowhere = storage(filled, "repair", "--from", f"file://{tmp_path}", check=False)
    assert nowhere.returncode == 3 and "no backup" in nowhere.stderr
    repaired = json.loads(storage(filled, "repair", "--from", place).stdout)
    assert repaired["repaired"] >= 2 and repaired["lost"] == 0
    for name in ("keep", "drop"):
        same(filled, name, f"{name}.bin", (tmp_path / f"{name}.bin").read_bytes(), tmp_path)
    assert json.loads(storage(filled, "fsck").stdout)["clean"]


def fails_to_start(server, *flags):
    before = server.flags
    server.flags = list(flags)
    with pytest.raises(AssertionError) as failed:
        server.start()
    server.process.wait(timeout=30)
    server.process.stdout.close()
    server.flags = before
    return str(failed.value)


def test_an_encrypted_store(own_server, tmp_path):
    key, next_key = tmp_path / "key", tmp_path / "next-key"
    cli = Server(tmp_path / "none")
    cli.url = cli.token = cli.flight_url = ""
    for file in (key, next_key):
        cli.cli("storage", "new-key", file)
        assert file.stat().st_mode & 0o777 == 0o600 and len(bytes.fromhex(file.read_text())) == 32
    refused = cli.cli("storage", "new-key", key, check=False)
    assert refused.returncode == 5 and "never overwritten" in refused.stderr

    server = own_server("data", "--operator-key-file", str(key))
    unique, text = os.urandom(2_000_000), b"plainly readable %d\n" % os.getpid() * 10_000
    server.cli("volume", "create", "v")
    put(server, "v", "unique", unique, tmp_path)
    put(server, "v", "text", text, tmp_path)
    assert json.loads(storage(server, "stats").stdout)["encrypted"]
    assert json.loads(storage(server, "rotate-key").stdout) == {"space": "default", "key_id": 2}
    after = os.urandom(300_000)
    put(server, "v", "after", after, tmp_path)
    place = f"file://{tmp_path / 'backups'}"
    backup(server, place)
    server.stop()
    for folder in (server.data / "store", tmp_path / "backups"):
        for file in folder.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for secret in (unique[1000:1032], unique[1_500_000:1_500_032], text[:18], after[:32]):
                    assert secret not in content, file

    server.start()
    same(server, "v", "unique", unique, tmp_path)
    server.stop()
    assert "is encrypted" in fails_to_start(server)
    assert "operator key" in fails_to_start(server, "--operator-key-file", str(next_key))
    rotation = ["--operator-key-file", str(next_key), "--previous-operator-key-file", str(key)]
    server.flags = rotation
    server.start()
    same(server, "v", "text", text, tmp_path)
    server.stop()
    server.flags = []
    server.environment = {"QUERN_OPERATOR_KEY": next_key.read_text().strip()}
    server.start()
    same(server, "v", "after", after, tmp_path)
    server.stop()
    assert "operator key" in fails_to_start(server, "--operator-key-file", str(key))

    server.environment = {}
    server.flags = ["--operator-key-file", str(key)]  # the backup was made under the key before
    server.data = tmp_path / "restored"
    server.cli("restore", "--from", place, "--data", server.data)
    server.start()
    same(server, "v", "unique", unique, tmp_path)


def test_chunks_in_a_tier(own_server, tmp_path):
    place = f"file://{tmp_path / 'tier'}"
    server = own_server("data", "--store-tier", place, "--tier-cache-max-bytes", "64MiB")
    content = {f"f{i}": os.urandom(300_000 * (i + 1)) for i in range(5)}
    server.cli("volume", "create", "v")
    for name, data in content.items():
        put(server, "v", name, data, tmp_path)
    assert json.loads(storage(server, "stats").stdout)["tier"] == place
    backups = f"file://{tmp_path / 'backups'}"
    for _ in range(2):
        made = backup(server, backups)
    pruned = json.loads(storage(server, "prune-backups", "--from", backups, "--keep", "1").stdout)
    assert [b["id"] for b in pruned["kept"]] == [made["id"]] and len(pruned["removed"]) == 1
    assert json.loads(storage(server, "gc", "--grace", "0").stdout)["removed_chunks"] == 0
    storage(server, "compact")
    assert json.loads(storage(server, "fsck").stdout)["clean"]
    server.stop()
    shutil.rmtree(server.data / "store" / "chunks-tier" / "cache")
    shutil.rmtree(server.data / "cache")
    server.start()
    for name, data in content.items():
        same(server, "v", name, data, tmp_path)
    metrics = httpx.get(server.url + "/metrics", headers=server.headers).text
    assert float(re.search(r"^quern_storage_tier_cache_misses_total (\S+)", metrics, re.M)[1]) > 0
    server.stop()
    assert "in a tier" in fails_to_start(server)
    assert "belongs to chunk store" in fails_to_start(server, "--store-tier", f"file://{tmp_path / 'other'}")

    shutil.rmtree(tmp_path / "tier")  # a backup needs it no more
    for folder, tier in (("local", []), ("tiered", ["--store-tier", f"file://{tmp_path / 'new'}"])):
        data = tmp_path / folder
        server.cli("restore", "--from", backups, "--data", data, *tier)
        restored = own_server(folder, *tier)
        for name, content_of in content.items():
            same(restored, "v", name, content_of, tmp_path)


def test_a_lost_member_of_a_tier_is_forgotten(own_server, tmp_path):
    import quern

    place = ["--store-tier", f"file://{tmp_path / 'tier'}"]
    server = own_server("data", *place)
    lost = own_server("lost", *place)
    members = json.loads(storage(server, "members").stdout)["members"]
    assert [(m["own"], m["running"]) for m in members] == [(True, True), (False, True)]
    refused = storage(server, "gc", check=False)
    assert refused.returncode != 0 and members[1]["id"] in refused.stderr
    runs = storage(server, "forget-member", members[1]["id"], "--yes", check=False)
    assert runs.returncode != 0 and "its server runs" in runs.stderr
    lost.stop()
    shutil.rmtree(lost.data)
    assert "no" in server.cli("storage", "members").stdout.splitlines()[2]
    with quern.Client(server.url, server.token) as client:
        with pytest.raises(quern.exception.ConflictError, match="it is this server"):
            client.storage.forget_member(members[0]["id"])
        client.storage.forget_member(members[1]["id"])
        assert [m.id for m in client.storage.members()] == [members[0]["id"]]
    storage(server, "gc")
    unknown = storage(server, "forget-member", members[1]["id"], "--yes", check=False)
    assert unknown.returncode == 3 and members[1]["id"] in unknown.stderr


def test_damage_in_a_tier_is_named_and_repaired_from_a_backup(own_server, tmp_path):
    server = own_server("data", "--store-tier", f"file://{tmp_path / 'tier'}")
    server.cli("volume", "create", "v")
    content = {f"f{i}": os.urandom(400_000) for i in range(4)}
    for name, data in content.items():
        put(server, "v", name, data, tmp_path)
    backups = f"file://{tmp_path / 'backups'}"
    backup(server, backups)
    server.stop()
    shutil.rmtree(server.data / "store" / "chunks-tier" / "cache")
    shutil.rmtree(server.data / "cache")
    packs = sorted((tmp_path / "tier" / "chunks" / "packs").iterdir(), key=lambda f: f.stat().st_size)
    missing, flipped, cut = packs[-3:]
    missing.unlink()
    data = bytearray(flipped.read_bytes())
    data[200_000] ^= 1
    flipped.write_bytes(data)
    os.truncate(cut, cut.stat().st_size - 1)
    server.start()

    result = storage(server, "fsck", check=False)
    report = json.loads(result.stdout)
    assert result.returncode == 1 and not report["clean"] and report["damaged"] >= 3
    assert cut.name in str(report["problems"])  # the missing one was noticed at the start
    found = str(report["findings"])
    assert flipped.name in found and "offset" in found and "no pack has it" in found
    assert {f for f in content if re.search(rf"volume v, commit [0-9a-f]{{64}}, {f}", found)}
    lost = storage(server, "repair", check=False)
    assert lost.returncode == 1 and json.loads(lost.stdout)["lost"] >= 2
    mended = json.loads(storage(server, "repair", "--from", backups).stdout)
    assert mended["repaired"] >= 2 and mended["lost"] == 0
    assert json.loads(storage(server, "fsck").stdout)["clean"]
    for name, data in content.items():
        same(server, "v", name, data, tmp_path)


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--keep", "0"], "1 or more"),
        (["--keep", "x"], "--keep"),
        ([], "--keep"),
        (["--keep", "1", "--keep-within", "soon"], "--keep-within"),
        (["--keep", "1", "--from", "file:///no/such"], "/no/such"),
    ],
)
def test_bad_input_of_prune_backups(filled, tmp_path, flags, word):
    place = [] if "--from" in flags else ["--from", f"file://{tmp_path}"]
    refused = filled.cli("storage", "prune-backups", *place, *flags, check=False)
    assert refused.returncode in (2, 3) and word in refused.stderr


def test_metrics_of_the_store(filled):
    metrics = httpx.get(filled.url + "/metrics", headers=filled.headers).text
    for name in ("chunks", "stored_bytes", "packs", "applied_index"):
        assert float(re.search(rf"^quern_storage_{name} (\S+)", metrics, re.M)[1]) > 0, name
    for name in ("dead_bytes", "quarantined_total", "gc_removed_bytes_total"):
        assert re.search(rf"^quern_storage_{name} ", metrics, re.M), name


def test_python_sdk_backups(filled, tmp_path):
    import quern

    place = f"file://{tmp_path / 'backups'}"
    with quern.Client(filled.url, filled.token) as client:
        made = client.storage.backup(place)
        assert made.new_bytes > 0
        assert [b.id for b in client.storage.backups(place)] == [made.id]
        assert client.storage.repair(place, backup=made.id).lost == 0
        pruned = client.storage.prune_backups(place, keep=1, keep_within=60, dry_run=True)
        assert pruned.dry_run and [b.id for b in pruned.kept] == [made.id] and pruned.removed == []
        assert client.storage.stats().state_hash == made.state_hash
        with pytest.raises(quern.exception.InvalidError, match="operator key"):
            client.storage.rotate_key()
