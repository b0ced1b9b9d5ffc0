"""Everything wrong that a user can send: one clear error each, and the server stays healthy."""

import io
import json
import os
import pickle
import socket
import subprocess
import time
import zipfile

import httpx
import pytest

from conftest import LAUNCHER


@pytest.fixture(scope="module")
def rest(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=90) as client:
        client.post("/v1/volumes", json={"name": "bad", "if_not_exists": True}).raise_for_status()
        client.put("/v1/volumes/bad/files/a.txt", params={"commit": "true"}, content=b"abc").raise_for_status()
        client.post("/v1/collections", json={"name": "bad", "dims": 4, "if_not_exists": True}).raise_for_status()
        yield client
        assert client.get("/health").status_code == 200, "the server must survive bad input"


def expect(answer, status, code, *words):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"code", "message", "details"}
    assert body["code"] == code
    for word in words:
        assert word in body["message"], body["message"]
    assert "dev.quern" not in body["message"] and "\tat " not in body["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/volumes/nope"), ("DELETE", "/v1/volumes/nope"), ("GET", "/v1/volumes/nope/files/x"),
        ("PUT", "/v1/volumes/nope/files/x"), ("GET", "/v1/volumes/nope/list"), ("GET", "/v1/volumes/bad/files/nope"),
        ("GET", "/v1/collections/nope"), ("DELETE", "/v1/collections/nope"), ("GET", "/v1/collections/bad/rows/nope"),
        ("GET", "/v1/functions/nope"), ("DELETE", "/v1/functions/nope"), ("GET", "/v1/calls/nope"),
    ],
)
def test_unknown_things_are_named(rest, method, path):
    expect(rest.request(method, path, content=b"x" if method == "PUT" else None), 404, "NOT_FOUND", "nope")


def test_unknown_things_in_bodies_are_named(rest):
    expect(rest.post("/v1/collections/nope/search", json={"text": "x"}), 404, "NOT_FOUND", "nope")
    expect(rest.post("/v1/collections/nope/upsert", json={"rows": [{"id": "a", "vector": [1]}]}), 404, "NOT_FOUND", "nope")
    expect(rest.post("/v1/functions/nope/call", json={"args": []}), 404, "NOT_FOUND", "nope")
    expect(rest.get("/v1/volumes/bad/list", params={"at": "0" * 64}), 404, "NOT_FOUND", "0" * 64)


@pytest.mark.parametrize("token", [None, "wrong", "qn_" + "A" * 43, "x" * 5000])
def test_tokens(server, token):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = httpx.get(server.url + "/v1/volumes", headers=headers)
    expect(answer, 401, "DENIED")
    assert "www-authenticate" in answer.headers
    if token:
        assert token not in answer.text


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 64, "ä", "a b"])
def test_names(rest, name):
    expect(rest.post("/v1/volumes", json={"name": name}), 400, "INVALID", "volume name")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "%2e%2e/x", "a/%2e%2e/%2e%2e/x", "/etc/passwd", "a//b", "a/./b", "a%00b", "x" * 300])
def test_paths_out_of_the_volume(server, path):
    """Sent raw: clients would normalise them away."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        request = f"PUT /v1/volumes/bad/files/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.split(" ")[1] == "400", answer
    assert '"INVALID"' in answer


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "a", "vector": [1, 2, 3]}, ("3", "4")),
        ({"id": "a", "vector": [0, 0, 0, 0]}, ("zero",)),
        ({"id": "", "vector": [1, 2, 3, 4]}, ("id",)),
        ({"id": "x" * 513, "vector": [1, 2, 3, 4]}, ("id", "512")),
        ({"id": "a", "vector": [1, 2, 3, 4], "attributes": {"a": None}}, ("a", "null")),
        ({"id": "a", "vector": [1, 2, 3, 4], "attributes": {"a": {"b": 10**30}}}, ("a",)),
        ({"id": "a", "vectors": {"nose": [1]}}, ("nose", "vector")),
        ({"id": "a", "vector": [1, 2, 3, 4], "texts": {"nose": "x"}}, ("nose", "text")),
        ({"id": "a", "vector": [1, 2, 3, "x"]}, ("vector",)),
        ({"id": "a", "vector": [1, 2, 3, 4], "colour": 1, "attributes": {"colour": 2}}, ("colour", "twice")),
        ({"vector": [1, 2, 3, 4]}, ("id",)),
        ({"id": "a"}, ("vector",)),
        ({"id": "a", "vector": [1, 2, 3, 4], "text": "x" * (2 << 20)}, ("text",)),
    ],
)
def test_rows(rest, row, words):
    expect(rest.post("/v1/collections/bad/upsert", json={"rows": [row]}), 400, "INVALID", *words)
    assert rest.get("/v1/collections/bad").json()["rows"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite(rest, number):
    body = '{"rows":[{"id":"a","vector":[1,2,3,%s]}]}' % number
    answer = rest.post("/v1/collections/bad/upsert", content=body, headers={"content-type": "application/json"})
    expect(answer, 400, "INVALID")


@pytest.mark.parametrize(
    "query",
    [
        {}, {"vector": [1, 2]}, {"vector": [1, 2, 3, 4], "limit": 0}, {"vector": [1, 2, 3, 4], "limit": 10**9},
        {"vector": [1, 2, 3, 4], "mode": "psychic"}, {"vector": [1, 2, 3, 4], "filter": {"equals": ["a", 1]}},
        {"vector": [1, 2, 3, 4], "filter": {"eq": ["a"]}}, {"vector": [1, 2, 3, 4], "filter": {"range": ["a", {}]}},
        {"vector": [1, 2, 3, 4], "filters": {}},
    ],
)
def test_searches(rest, query):
    expect(rest.post("/v1/collections/bad/search", json=query), 400, "INVALID")


def test_a_text_search_without_a_model_says_so(rest):
    expect(rest.post("/v1/collections/bad/search", json={"text": "x", "mode": "dense"}), 400, "INVALID", "model")


def test_deep_json_and_deep_filters(rest):
    deep = '{"vector":[1,2,3,4],"filter":' + '{"not":' * 10_000 + '{"eq":["a",1]}' + "}" * 10_000 + "}"
    answer = rest.post("/v1/collections/bad/search", content=deep, headers={"content-type": "application/json"})
    expect(answer, 400, "INVALID")
    fifty = {"eq": ["a", 1]}
    for _ in range(200):
        fifty = {"not": fifty}
    expect(rest.post("/v1/collections/bad/search", json={"vector": [1, 2, 3, 4], "filter": fifty}), 400, "INVALID", "deep")


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', '{"name":1}', '{"name":"a","name":"b"}', '{"name":"a"} x', "\x00"])
def test_bodies_that_are_not_what_was_asked_for(rest, body):
    answer = rest.post("/v1/volumes", content=body, headers={"content-type": "application/json"})
    expect(answer, 400, "INVALID")


def test_routes_and_methods(rest):
    expect(rest.get("/v1/nope"), 404, "NOT_FOUND", "/v1/nope")
    answer = rest.patch("/v1/volumes")
    expect(answer, 405, "INVALID", "PATCH")
    assert "GET" in answer.headers["allow"]


def test_a_2_gb_body_to_a_json_route_is_refused_at_once(server):
    host, port = server.url.removeprefix("http://").split(":")
    for header in ("Content-Length: 2147483648", "Transfer-Encoding: chunked"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(
                f"POST /v1/volumes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n"
                f"Content-Type: application/json\r\n{header}\r\n\r\n".encode()
            )
            block = b" " * (1 << 20)  # white space: valid JSON so far
            chunk = b"100000\r\n" + block + b"\r\n"
            sent = 0
            answer = b""
            try:
                while sent < 2048:
                    connection.sendall(block if "Length" in header else chunk)
                    sent += 1
                    connection.setblocking(False)
                    try:
                        answer += connection.recv(65536)
                    except BlockingIOError:
                        pass
                    connection.setblocking(True)
                    connection.settimeout(30)
                    if b"\r\n\r\n" in answer:
                        break
            except OSError:
                pass
            try:
                while b"\r\n\r\n" not in answer and (more := connection.recv(65536)):
                    answer += more
            except OSError:
                pass
            assert sent <= 130, f"took {sent} MiB before refusing"
            assert b" 413 " in answer.split(b"\r\n")[0] or (answer == b"" and sent > 0), answer[:200]
    assert httpx.get(server.url + "/health").status_code == 200


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name + ".py", text)
    return out.getvalue()


def deploy(rest, name, source, entry="m:f", **more):
    artifact = rest.post("/v1/artifacts", content=zipped(m=source)).raise_for_status().json()["id"]
    return rest.put(f"/v1/functions/{name}", json={"runtime": "python", "artifact": artifact, "entry": entry, **more})


def test_broken_artifacts(rest):
    artifact = rest.post("/v1/artifacts", content=b"this is no archive").raise_for_status().json()["id"]
    for runtime, entry in (("java", "a.B::c"), ("python", "m:f")):
        answer = rest.put("/v1/functions/broken", json={"runtime": runtime, "artifact": artifact, "entry": entry})
        expect(answer, 400, "INVALID", "artifact")
    expect(rest.get("/v1/functions/broken"), 404, "NOT_FOUND")
    answer = rest.put("/v1/functions/broken", json={"runtime": "python", "artifact": "0" * 64, "entry": "m:f"})
    expect(answer, 404, "NOT_FOUND", "artifact")


def test_python_that_does_not_load(rest):
    expect(deploy(rest, "syntax", "def f(:\n"), 400, "INVALID", "SyntaxError", "m.py")
    expect(deploy(rest, "missing", "def g():\n    pass\n"), 400, "INVALID", "f")
    expect(deploy(rest, "raises", "raise ValueError('at import')\n"), 400, "INVALID", "at import")
    expect(deploy(rest, "entry", "def f():\n    pass\n", entry="nonsense"), 400, "INVALID", "entry")


@pytest.mark.parametrize(
    "more",
    [
        {"runtime": "cobol"}, {"timeout_seconds": 0}, {"timeout_seconds": 1e9}, {"memory_bytes": 1}, {"max_instances": 0},
        {"volumes": {"relative": {"volume": "bad"}}}, {"volumes": {"/../x": {"volume": "bad"}}}, {"volumes": {"/": {"volume": "bad"}}},
    ],
)
def test_deployments_out_of_bounds(rest, more):
    expect(deploy(rest, "bounds", "def f():\n    pass\n", **more), 400, "INVALID")


def test_a_mount_of_an_unknown_volume(rest):
    expect(deploy(rest, "mount", "def f():\n    pass\n", volumes={"/data": {"volume": "nope"}}), 404, "NOT_FOUND", "nope")


def call(rest, name, *args):
    return rest.post(f"/v1/functions/{name}/call", json={"args": list(args)}).raise_for_status().json()


def test_a_function_that_never_ends(rest):
    deploy(rest, "endless", "def f():\n    while True:\n        pass\n", timeout_seconds=1).raise_for_status()
    started = time.monotonic()
    result = call(rest, "endless")
    assert result["status"] == "timed_out" and result["error"]["reason"] == "timeout"
    assert time.monotonic() - started < 20


def test_a_function_that_eats_memory(rest):
    source = "def f():\n    x = []\n    while True:\n        x.append(bytearray(1 << 20))\n"
    deploy(rest, "eater", source, memory_bytes=128 << 20, timeout_seconds=60).raise_for_status()
    result = call(rest, "eater")
    assert result["status"] == "failed"
    assert result["error"]["reason"] == "memory" or result["error"]["type"] == "MemoryError", result


def test_a_function_that_forks_without_end(rest, server):
    source = "import os\ndef f():\n    while True:\n        try:\n            os.fork()\n        except OSError:\n            pass\n"
    deploy(rest, "bomb", source, timeout_seconds=3).raise_for_status()
    result = call(rest, "bomb")
    assert result["status"] in ("timed_out", "failed")
    deploy(rest, "after", "def f():\n    return 1\n").raise_for_status()
    assert call(rest, "after")["output"]["json"] == 1
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        if listing.count("bomb") == 0 and listing.count("runner.py") < 20:
            break
        time.sleep(0.2)
    assert listing.count("runner.py") < 20, "processes of the fork bomb are left"


def test_a_function_that_writes_to_its_mount_or_looks_around(rest, server):
    source = (
        "import os, socket\n"
        "def f(what):\n"
        "    if what == 'write':\n"
        "        open('/data/new', 'w')\n"
        "    if what == 'overwrite':\n"
        "        open('/data/a.txt', 'r+').write('x')\n"
        "    if what == 'network':\n"
        "        socket.create_connection(('127.0.0.1', %s), 2)\n"
        "    if what == 'token':\n"
        "        return [k for k in os.environ if 'TOKEN' in k] + [open(%r).read()]\n"
        "    return open('/data/a.txt').read()\n" % (server.url.rsplit(":", 1)[1], str(server.data / "admin.token"))
    )
    deploy(rest, "nosy", source, volumes={"/data": {"volume": "bad"}}).raise_for_status()
    assert call(rest, "nosy", "read")["output"]["json"] == "abc"
    for what in ("write", "overwrite", "network", "token"):
        result = call(rest, "nosy", what)
        assert result["status"] == "failed" and result["error"]["reason"] == "exception", (what, result)
        assert result["error"]["type"] in ("OSError", "PermissionError", "FileNotFoundError", "ConnectionRefusedError"), result
    assert rest.get("/v1/volumes/bad/files/a.txt").content == b"abc"


def test_results_that_cannot_be_sent(rest):
    deploy(rest, "odd", "def f(what):\n    return {'set': {1}, 'gen': (i for i in []), 'big': 'x' * (17 << 20)}[what]\n").raise_for_status()
    for what in ("set", "gen", "big"):
        result = call(rest, "odd", what)
        assert result["status"] == "failed", what
    deploy(rest, "dies", "import os\ndef f():\n    os._exit(3)\n").raise_for_status()
    result = call(rest, "dies")
    assert result["status"] == "failed" and result["error"]["reason"] == "crash"


def test_wrong_arguments_come_back_as_a_type_error(rest):
    deploy(rest, "plain", "def f(x):\n    return x\n").raise_for_status()
    result = call(rest, "plain", 1, 2, 3)
    assert result["status"] == "failed" and result["error"]["type"] == "TypeError"
    answer = rest.post("/v1/functions/plain/call", content=b"{", headers={"content-type": "application/json"})
    expect(answer, 400, "INVALID")
    answer = rest.post("/v1/functions/plain/call", content=b"x", headers={"content-type": "text/x-odd"})
    expect(answer, 400, "INVALID", "text/x-odd")


def test_a_pickle_sent_to_a_java_function(rest, server, tmp_path):
    from conftest import java_tool

    (tmp_path / "Twice.java").write_text("public class Twice { public static int of(int x) { return 2 * x; } }")
    subprocess.run([java_tool("javac"), "-d", tmp_path, tmp_path / "Twice.java"], check=True)
    subprocess.run([java_tool("jar"), "cf", tmp_path / "t.jar", "-C", tmp_path, "Twice.class"], check=True)
    artifact = rest.post("/v1/artifacts", content=(tmp_path / "t.jar").read_bytes()).json()["id"]
    body = {"runtime": "java", "artifact": artifact, "entry": "Twice::of"}
    rest.put("/v1/functions/twice", json=body).raise_for_status()
    assert call(rest, "twice", 21)["output"]["json"] == 42
    answer = rest.post(
        "/v1/functions/twice/call", content=pickle.dumps(((1,), {})), headers={"content-type": "application/x-python-pickle"}
    )
    expect(answer, 400, "INVALID", "pickle")
    for entry in ("Twice::nope", "Nope::of", "Twice"):
        expect(rest.put("/v1/functions/twice2", json={**body, "entry": entry}), 400, "INVALID")


@pytest.mark.parametrize(
    ("route", "body", "status", "code", "word"),
    [
        ("backup", {}, 400, "INVALID", "to"), ("backup", {"to": "/tmp"}, 400, "INVALID", "file:///DIRECTORY"),
        ("backup", {"to": "s3:///x"}, 400, "INVALID", "s3://BUCKET/PREFIX"), ("backup", {"to": "s3://Bad_Bucket"}, 400, "INVALID", "bucket"),
        ("backup", {"to": "s3://bucket/../x"}, 400, "INVALID", "name"), ("backup", {"to": "file:///%00"}, 400, "INVALID", "file:///DIRECTORY"),
        ("backup", {"to": "file:///dev/null/x"}, 503, "UNAVAILABLE", "/dev/null/x"), ("backup", {"to": 1}, 400, "INVALID", "to"),
        ("repair", {"from": "nowhere"}, 400, "INVALID", "nowhere"), ("repair", {"from": "file:///no/such"}, 404, "NOT_FOUND", "/no/such"),
        ("repair", {"backup": "x"}, 400, "INVALID", "from"), ("repair", {"source": "x"}, 400, "INVALID", "source"),
        ("prune-backups", {}, 400, "INVALID", "from"), ("prune-backups", {"from": "x", "keep": 1}, 400, "INVALID", "x"),
        ("prune-backups", {"from": "file:///tmp", "keep": 0}, 400, "INVALID", "1 or more"), ("prune-backups", {"from": "file:///tmp"}, 400, "INVALID", "keep"),
        ("prune-backups", {"from": "file:///no/such", "keep": 1}, 404, "NOT_FOUND", "/no/such"),
        ("prune-backups", {"from": "file:///tmp", "keep": 1, "keep_within_seconds": "1d"}, 400, "INVALID", "keep_within_seconds"),
        ("rotate-key", {}, 400, "INVALID", "operator key"), ("rotate-key", {"space": "nobody"}, 404, "NOT_FOUND", "nobody"),
        ("rotate-key", {"space": "../x"}, 400, "INVALID", "../x"),
    ],
)
def test_backups_and_keys(rest, route, body, status, code, word):
    expect(rest.post(f"/v1/storage/{route}", json=body), status, code, word)


def test_storage_operations(rest):
    for unknown in ("gc-1", "no", "%00", "x" * 500):
        expect(rest.delete(f"/v1/storage/operations/{unknown}"), 404, "NOT_FOUND", "operation")
    expect(rest.delete("/v1/storage/operations/gc-1", params={"force": "1"}), 400, "INVALID", "force")
    expect(rest.get("/v1/storage/operations", params={"kind": "gc"}), 400, "INVALID", "kind")


def test_members_of_a_tier(rest):
    expect(rest.get("/v1/storage/members"), 400, "INVALID", "only a tier has members")
    for unknown in ("0" * 32, "no", "%00", "x" * 500):
        expect(rest.delete(f"/v1/storage/members/{unknown}"), 400, "INVALID", "only a tier has members")
    expect(rest.delete("/v1/storage/members/x", params={"force": "1"}), 400, "INVALID", "force")


def test_lists_of_backups(rest, server):
    expect(rest.get("/v1/storage/backups"), 400, "INVALID", "to")
    expect(rest.get("/v1/storage/backups", params={"to": "file:///no/such"}), 404, "NOT_FOUND", "/no/such")
    expect(rest.get("/v1/storage/backups", params={"to": "x", "from": "y"}), 400, "INVALID", "from")
    inside = f"file://{server.data}/backups"
    expect(rest.post("/v1/storage/backup", json={"to": inside}), 400, "INVALID", "outside of the data directory")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("store-compression", "maybe"), ("operator-key-file", "/no/such/key"), ("previous-operator-key-file", "/dev/null"),
        ("fact-log-retention", "1KiB"), ("gc-grace", "soon"), ("gc-interval", "0s"), ("store-tier", "ftp://x/y"),
        ("s3-endpoint", "localhost"), ("s3-region", "Frankfurt!"), ("s3-path-style", "yes"), ("tier-cache-max-bytes", "1"),
    ],
)
def test_settings_of_the_store(tmp_path, flag, value):
    result = run("serve", "--data", tmp_path / "data", "--http-port", "0", "--flight-port", "0", f"--{flag}", value)
    assert result.returncode in (2, 6), result.stderr
    assert flag in result.stderr or value in result.stderr
    assert "\tat " not in result.stderr


def run(*arguments, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_")}
    return subprocess.run(
        [LAUNCHER, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, env={**kept, **environment}
    )


def test_an_operator_key_in_the_environment_is_not_shown(tmp_path):
    result = run("serve", "--data", tmp_path / "data", QUERN_OPERATOR_KEY="tooshort-secret")
    assert result.returncode == 2 and "QUERN_OPERATOR_KEY" in result.stderr and "tooshort" not in result.stderr
    key = "0123456789abcdef" * 4
    result = run("serve", "--data", tmp_path / "data", "--print-config", QUERN_OPERATOR_KEY=key)
    assert result.returncode == 0 and "(hidden)" in result.stdout and key not in result.stdout


def test_restores(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("dear")
    for arguments, status, word in (
        (["--from", f"file://{tmp_path}", "--data", tmp_path / "full"], 2, "diary.txt"),
        (["--from", f"file://{tmp_path}", "--data", tmp_path / "new"], 3, "no backup"),
        (["--from", f"file://{tmp_path}", "--backup", "x", "--data", tmp_path / "new"], 2, "backup id"),
        (["--from", "file:///no/such", "--data", tmp_path / "new"], 3, "/no/such"),
        (["--from", "nowhere", "--data", tmp_path / "new"], 2, "nowhere"),
        (["--data", tmp_path / "new"], 2, "--from"),
    ):
        result = run("restore", *arguments)
        assert result.returncode == status, result.stderr
        assert word in result.stderr and "\tat " not in result.stderr
    assert (tmp_path / "full" / "diary.txt").read_text() == "dear"


def test_disk_full_on_put(own_server, tmp_path):
    """A data directory on a small tmpfs: the put fails, nothing is lost, and the server goes on."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small tmpfs")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", small], check=True)
    try:
        server = own_server("small/data")
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=120) as client:
            client.post("/v1/volumes", json={"name": "v"}).raise_for_status()
            client.put("/v1/volumes/v/files/ok", params={"commit": "true"}, content=b"ok" * 1000).raise_for_status()
            answer = client.put("/v1/volumes/v/files/huge", content=os.urandom(400 << 20))
            expect(answer, 429, "EXHAUSTED")
            assert client.get("/v1/volumes/v/files/ok").content == b"ok" * 1000
            expect(client.get("/v1/volumes/v/files/huge"), 404, "NOT_FOUND")
        server.kill()
        server.start()
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=120) as client:
            assert client.get("/v1/volumes/v/files/ok").content == b"ok" * 1000
        server.kill()
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_error_bodies_are_json_everywhere(server):
    for path in ("/", "/v1", "/v1/volumes/%zz", "/v1/volumes/a%2Fb"):
        answer = httpx.get(server.url + path, headers=server.headers)
        assert answer.status_code in (400, 404), path
        assert json.loads(answer.text)["code"] in ("INVALID", "NOT_FOUND")
