"""SIGKILL in the middle of puts, upserts, deletes and calls: whatever was acknowledged must be there.

The parent keeps a journal of acknowledged operations only. After each kill the server is started again on
the same data and everything in the journal is read back and compared byte for byte. Twenty kills by
default, `--kills N` for another number.
"""

import hashlib
import io
import os
import random
import threading
import time
import zipfile

import httpx

KILLS = int(os.environ.get("QUERN_TEST_KILLS", 20))
SEED = int(os.environ.get("QUERN_TEST_SEED", time.time_ns() % 1_000_000))
DIMS = 8


class Journal:
    """What was acknowledged. Locked: several writers add to it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.files = {}  # path -> sha256 of an acknowledged put and commit
        self.unsure = set()  # paths and rows with an unacknowledged change in flight
        self.maybe = set()  # rows of which a change was in flight at an earlier kill
        self.rows = {}  # id -> text, None when deleted
        self.calls = {}  # id -> expected output
        self.spawned = {}  # id -> expected output
        self.seen = set()  # calls that were read back after a kill
        self.acked = 0  # operations acknowledged in all


def content(seed, size):
    return random.Random(seed).randbytes(size)


def deploy(client):
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("double.py", "def double(x):\n    return {'value': x * 2}\n")
    artifact = client.post("/v1/artifacts", content=source.getvalue()).raise_for_status().json()["id"]
    body = {"runtime": "python", "artifact": artifact, "entry": "double:double", "timeout_seconds": 30}
    client.put("/v1/functions/double", json=body).raise_for_status()


def writer_files(server, journal, rng, stop):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        while not stop.is_set():
            path = f"d{rng.randrange(4)}/f{rng.randrange(30)}.bin"
            data = content(rng.random(), rng.choice([0, 10, 5_000, 300_000, 3_000_000]))
            with journal.lock:
                journal.unsure.add(path)
            answer = client.put(
                f"/v1/volumes/crash/files/{path}", params={"session": "w", "commit": "true"}, content=data
            )
            assert answer.status_code == 200, answer.text
            with journal.lock:
                journal.acked += 1
                journal.files[path] = hashlib.sha256(data).hexdigest()
                journal.unsure.discard(path)


def writer_rows(server, journal, rng, stop, name):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        while not stop.is_set():
            ids = sorted({f"{name}-{rng.randrange(200)}" for _ in range(rng.choice([1, 5, 50]))})
            with journal.lock:
                journal.unsure.update(ids)
            if rng.random() < 0.2:
                answer = client.post("/v1/collections/crash/delete", json={"ids": ids})
                written = dict.fromkeys(ids)
            else:
                written = {i: f"text {rng.randrange(10**9)}" for i in ids}
                rows = [{"id": i, "text": t, "vector": [rng.gauss(0, 1) for _ in range(DIMS)]} for i, t in written.items()]
                answer = client.post("/v1/collections/crash/upsert", json={"rows": rows})
            assert answer.status_code == 200, answer.text
            with journal.lock:
                journal.acked += 1
                journal.rows.update(written)
                journal.unsure.difference_update(ids)


def writer_calls(server, journal, rng, stop):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        while not stop.is_set():
            x = rng.randrange(10**6)
            verb = rng.choice(["call", "spawn"])
            answer = client.post(f"/v1/functions/double/{verb}", json={"args": [x]})
            assert answer.status_code in (200, 202), answer.text
            with journal.lock:
                journal.acked += 1
                (journal.calls if verb == "call" else journal.spawned)[answer.json()["id"]] = {"value": 2 * x}


def until_connection_breaks(work, *arguments):
    """A writer ends when the server is gone; any other failure is kept for the test to see."""
    failures = []

    def run():
        try:
            work(*arguments)
        except httpx.TransportError:
            pass
        except Exception as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failures


def verify(server, journal, everything=False):
    """Reads back what was acknowledged. Returns the number of things compared.

    Every file and row each time, for they are written again and again. A call is written once, so that one
    which is lost stays lost: the calls since the last time, and at the end all of them.
    """
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        for path, digest in journal.files.items():
            answer = client.get(f"/v1/volumes/crash/files/{path}")
            assert answer.status_code == 200, f"lost file {path}: {answer.text}"
            if path not in journal.unsure:
                assert hashlib.sha256(answer.content).hexdigest() == digest, f"changed file {path}"
        verify_rows(client, journal, everything)
        for call, output in journal.calls.items() if everything else new(journal.calls, journal.seen):
            body = client.get(f"/v1/calls/{call}").raise_for_status().json()
            assert body["status"] == "succeeded" and body["output"]["json"] == output, body
        for call, output in journal.spawned.items() if everything else new(journal.spawned, journal.seen):
            body = client.get(f"/v1/calls/{call}", params={"wait_seconds": 30}).raise_for_status().json()
            assert body["status"] == "succeeded" and body["output"]["json"] == output, body
        journal.seen.update(journal.calls, journal.spawned)
    return len(journal.files) + len(journal.rows) + len(journal.calls) + len(journal.spawned)


def new(calls, seen):
    return [(call, output) for call, output in calls.items() if call not in seen]


def verify_rows(client, journal, one_by_one):
    """By pages, which also shows rows that nobody wrote; at the end also each by its id."""
    found = {}
    after = {}
    while after is not None:
        page = client.get("/v1/collections/crash/rows", params={"limit": 1000, **after}).raise_for_status().json()
        found.update((row["id"], row["text"]) for row in page["rows"])
        after = {"after": page["next"]} if page.get("next") else None
    strange = set(found) - set(journal.rows) - journal.unsure - journal.maybe
    assert not strange, f"rows that nobody wrote: {strange}"
    for row, text in journal.rows.items():
        if row in journal.unsure:
            continue
        if text is None:
            assert row not in found, f"deleted row {row} is back"
        else:
            assert found.get(row) == text, f"lost row {row}: {found.get(row)}"
        if one_by_one:
            answer = client.get(f"/v1/collections/crash/rows/{row}")
            assert answer.status_code == (404 if text is None else 200), f"row {row}: {answer.text}"
            assert text is None or answer.json()["text"] == text, f"lost row {row}: {answer.text}"


def test_acknowledged_writes_survive_kills(own_server):
    print(f"rerun: ./quern test e2e -k crash --seed {SEED} --kills {KILLS}")
    rng = random.Random(SEED)
    journal = Journal()
    server = own_server()
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        client.post("/v1/volumes", json={"name": "crash"}).raise_for_status()
        client.post("/v1/collections", json={"name": "crash", "dims": DIMS}).raise_for_status()
        deploy(client)
    compared = 0
    for kill in range(1, KILLS + 1):
        stop = threading.Event()
        journal.unsure.clear()
        writers = [
            until_connection_breaks(work, server, journal, random.Random(rng.random()), stop, *more)
            for work, more in [
                (writer_files, ()), (writer_rows, ("a",)), (writer_rows, ("b",)), (writer_calls, ()),
            ]
        ]
        enough = journal.acked + rng.randrange(1, 120)
        deadline = time.monotonic() + 20
        while journal.acked < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        server.kill()
        stop.set()
        for thread, failures in writers:
            thread.join(timeout=60)
            assert not thread.is_alive()
            assert not failures, failures
        server.start()
        compared = verify(server, journal, everything=kill == KILLS)
        for path in journal.unsure & set(journal.files):
            del journal.files[path]  # whole old or whole new content: read below as whatever it is now
        for row in journal.unsure & set(journal.rows):
            del journal.rows[row]
        journal.maybe |= journal.unsure
    print(f"kills={KILLS} acked={journal.acked} compared={compared} lost=0 corrupt=0")
    assert journal.acked > 10 * KILLS, "the load was too small to show anything"
    assert server.stop() == 0
