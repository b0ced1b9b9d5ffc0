import pytest
from fake_server import Refusal

from quern import exception, storage

FINDING = {"space": "default", "chunk": "ab", "problem": "missing", "use": "volume v, f"}


def test_stats(server, client):
    server.storage["stats"] = {
        "chunks": 3,
        "live_bytes": 10,
        "stored_bytes": 30,
        "dead_bytes": 20,
        "packs": 2,
        "quarantined": 1,
        "applied_index": 7,
        "state_hash": "ab",
        "encrypted": True,
        "added_later": 0,
    }
    assert client.storage.stats() == storage.StorageStats(3, 10, 30, 20, 2, 1, 7, "ab", True, None)


def test_gc(server, client):
    space = {
        "space": "default",
        "live_chunks": 1,
        "live_bytes": 2,
        "condemned_chunks": 3,
        "condemned_bytes": 4,
        "removed_chunks": 5,
        "removed_bytes": 6,
        "garbage": [{"chunk": "ab", "bytes": 9, "reason": "nothing leads to it"}],
    }
    server.storage["gc"] = {"removed_chunks": 5, "removed_bytes": 6, "spaces": [space]}
    result = client.storage.gc(grace=0.5, dry_run=True)
    assert server.storage["grace"] == 0.5
    assert result.dry_run
    assert result.spaces[0].garbage == [storage.Garbage("ab", 9, "nothing leads to it")]
    assert result.spaces[0].problem is None
    assert not client.storage.gc().dry_run
    assert server.storage["grace"] is None


def test_compact_fsck_repair_explain(server, client):
    server.storage["compact"] = {
        "packs_removed": 1,
        "packs_kept": 0,
        "chunks_moved": 2,
        "bytes_moved": 3,
        "bytes_freed": 4,
        "quarantined": 0,
    }
    assert client.storage.compact() == storage.CompactResult(1, 0, 2, 3, 4, 0)
    server.storage["fsck"] = {
        "clean": False,
        "packs": 1,
        "records": 2,
        "bytes": 3,
        "live_chunks": 1,
        "dead_records": 0,
        "damaged": 1,
        "uses": 1,
        "findings": [FINDING],
        "problems": [],
    }
    found = client.storage.fsck()
    assert not found.clean
    assert found.findings == [storage.Finding("default", "ab", "missing", "volume v, f")]
    server.storage["repair"] = {"repaired": 1, "lost": 1, "losses": [FINDING], "problems": []}
    assert client.storage.repair().losses == found.findings
    fate = {
        "space": "default",
        "stored": True,
        "quarantined": False,
        "pinned": False,
        "uses": ["volume v, f"],
    }
    server.storage["chunks"] = {"ab": [fate]}
    assert client.storage.explain("ab") == [
        storage.ChunkFate("default", True, False, False, ["volume v, f"])
    ]


def test_backup_and_rotate(server, client):
    made = {
        "id": "20260304T050607Z-0a1b2c3d",
        "created": "2026-03-04T05:06:07Z",
        "files": 3,
        "bytes": 30,
        "index": 7,
        "state_hash": "ab",
    }
    server.storage["backup"] = {**made, "new_files": 1, "new_bytes": 10}
    result = client.storage.backup("file:///b")
    assert server.storage["body"] == {"to": "file:///b"}
    assert (result.id, result.new_bytes, result.state_hash) == (made["id"], 10, "ab")
    server.storage["backups"] = [made]
    assert client.storage.backups("s3://b/p") == [storage.BackupInfo(**made)]
    assert server.sent("GET /v1/storage/backups*") == ["GET /v1/storage/backups"]
    server.storage["rotate-key"] = {"space": "default", "key_id": 2}
    assert client.storage.rotate_key() == 2
    assert server.storage["body"] == {}
    assert client.storage.rotate_key("default") == 2
    assert server.storage["body"] == {"space": "default"}
    server.storage["repair"] = {"repaired": 1, "lost": 0, "losses": [], "problems": []}
    assert client.storage.repair("file:///b", backup="x").repaired == 1
    assert server.storage["body"] == {"from": "file:///b", "backup": "x"}


def test_prune_backups(server, client):
    made = {
        "id": "20260304T050607Z-0a1b2c3d",
        "created": "2026-03-04T05:06:07Z",
        "files": 3,
        "bytes": 30,
        "index": 7,
        "state_hash": "ab",
    }
    server.storage["prune-backups"] = {
        "dry_run": True,
        "kept": [made],
        "removed": [],
        "files": 2,
        "bytes": 9,
    }
    pruned = client.storage.prune_backups("file:///b", keep=1, keep_within=0.5, dry_run=True)
    assert server.storage["body"] == {
        "from": "file:///b",
        "keep": 1,
        "keep_within_seconds": 0.5,
        "dry_run": True,
    }
    assert pruned == storage.PruneResult(True, [storage.BackupInfo(**made)], [], 2, 9)
    client.storage.prune_backups("file:///b", keep=2)
    assert server.storage["body"] == {"from": "file:///b", "keep": 2, "dry_run": False}


def test_members_are_listed_and_forgotten(server, client):
    own = {"id": "a1", "own": True, "running": True, "seen_at": "2026-03-04T05:06:07Z"}
    server.storage["members"] = [own, {"id": "b2", "own": False, "running": False, "later": 1}]
    assert client.storage.members() == [
        storage.Member("a1", True, True, "2026-03-04T05:06:07Z"),
        storage.Member("b2", False, False),
    ]
    assert client.storage.forget_member("b2") is None
    assert [member.id for member in client.storage.members()] == ["a1"]
    server.fail_next("DELETE *", Refusal(409, "CONFLICT", "its server runs"))
    with pytest.raises(exception.ConflictError, match="runs"):
        client.storage.forget_member("a1")


def test_operations_and_cancel(server, client):
    running = {
        "id": "gc-1",
        "kind": "gc",
        "state": "running",
        "phase": "mark default",
        "unit": "chunks",
        "done": 3,
        "started_at": "2026-03-04T05:06:07Z",
        "added_later": 0,
    }
    failure = {"state": "failed", "ended_at": "2026-03-04T05:07:07Z", "error": "disk full"}
    ended = {**running, **failure, "total": 9}
    server.storage["operations"] = {"running": [running], "ended": [ended]}
    found = client.storage.operations()
    assert found.running[0].total is None and found.running[0].done == 3
    assert (found.ended[0].state, found.ended[0].total) == ("failed", 9)
    assert found.ended[0].error == "disk full"
    assert client.storage.cancel("gc-1").state == "cancelling"
    assert server.sent("DELETE *") == ["DELETE /v1/storage/operations/gc-1"]
    server.fail_next("DELETE *", Refusal(404, "NOT_FOUND", "there is no operation gc-2"))
    with pytest.raises(exception.NotFoundError, match="gc-2"):
        client.storage.cancel("gc-2")


def test_only_an_operator_may(server, client):
    server.fail_next("GET /v1/storage", Refusal(403, "DENIED", "only an operator's token may"))
    with pytest.raises(exception.AuthError, match="operator"):
        client.storage.stats()
