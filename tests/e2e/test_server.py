"""The server process: start, ready line, lock, settings, tokens, restart."""

import json
import os
import re
import signal
import stat
import subprocess
import time

import httpx
import pytest

from conftest import LAUNCHER


def run_launcher(*arguments, environment=None, timeout=60):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_")}
    clean.update(environment or {})
    return subprocess.run(
        [LAUNCHER, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, env=clean, stdin=subprocess.DEVNULL
    )


def test_stdout_is_the_ready_line_alone_and_sigterm_ends_with_0(own_server):
    server = own_server()
    assert server.url.startswith("http://127.0.0.1:") and server.flight_url.startswith("grpc://127.0.0.1:")
    server.process.send_signal(signal.SIGTERM)
    rest = server.process.stdout.read()
    assert server.process.wait(timeout=30) == 0
    assert rest == ""


def test_admin_token_is_only_for_its_owner(own_server):
    server = own_server()
    assert stat.S_IMODE(os.stat(server.data / "admin.token").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(server.data).st_mode) == 0o700
    stored = b"".join(f.read_bytes() for f in (server.data / "store").rglob("*") if f.is_file())
    assert server.token.encode() not in stored, "the token must be stored hashed"


def test_a_second_server_on_the_same_data_is_refused(own_server):
    server = own_server()
    second = run_launcher("serve", "--data", server.data, "--http-port", "0", "--flight-port", "0")
    assert second.returncode == 5
    assert "in use by another quern server" in second.stderr and str(server.process.pid) in second.stderr
    assert httpx.get(server.url + "/health").status_code == 200


def test_a_port_in_use_is_named(own_server, tmp_path):
    server = own_server()
    port = server.url.rsplit(":", 1)[1]
    second = run_launcher("serve", "--data", tmp_path / "other", "--http-port", port, "--flight-port", "0")
    assert second.returncode == 5
    assert port in second.stderr and "in use" in second.stderr


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        (["--http-prot", "1"], {}, "http-prot"),
        (["--http-port", "99999"], {}, "http-port"),
        ([], {"QUERN_HTP_PORT": "1"}, "QUERN_HTP_PORT"),
        (["--sandbox", "docker"], {}, "sandbox"),
    ],
)
def test_unknown_and_wrong_settings_are_refused(tmp_path, flags, environment, expected):
    result = run_launcher("serve", "--data", tmp_path / "d", *flags, environment=environment)
    assert result.returncode == 2
    assert expected in result.stderr


def test_settings_file_and_print_config(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "quern.properties").write_text("http-port=1234\n")
    result = run_launcher("serve", "--data", tmp_path / "d", "--print-config", environment={"QUERN_FLIGHT_PORT": "4321"})
    assert result.returncode == 0
    assert "http-port=1234" in result.stdout and "flight-port=4321" in result.stdout
    (tmp_path / "d" / "quern.properties").write_text("htp-port=1234\n")
    result = run_launcher("serve", "--data", tmp_path / "d")
    assert result.returncode == 2 and "htp-port" in result.stderr and "quern.properties" in result.stderr


def test_health_ready_metrics_and_request_ids(server):
    assert httpx.get(server.url + "/health").status_code == 200
    assert httpx.get(server.url + "/ready").status_code == 200
    assert httpx.get(server.url + "/metrics").status_code == 401
    metrics = httpx.get(server.url + "/metrics", headers=server.headers)
    assert metrics.status_code == 200 and re.search(r"^jvm_memory_used_bytes", metrics.text, re.M)
    assert re.search(r'^quern_http_requests_seconds_count\{', metrics.text, re.M)
    answer = httpx.get(server.url + "/v1/volumes", headers={**server.headers, "x-request-id": "abc-123"})
    assert answer.headers["x-request-id"] == "abc-123"
    deadline = time.monotonic() + 10  # the line is written after the answer
    while "abc-123" not in server.log.read_text():
        assert time.monotonic() < deadline, "no line in the log has the request's id"
        time.sleep(0.05)


def test_logs_can_be_json(own_server):
    server = own_server("json", "--log-format", "json")
    httpx.get(server.url + "/v1/volumes", headers=server.headers).raise_for_status()
    server.stop()
    lines = [line for line in server.log.read_text().splitlines() if not line.startswith("WARNING")]
    assert lines
    for line in lines:
        json.loads(line)


def test_everything_is_there_after_a_restart(own_server):
    server = own_server()
    client = httpx.Client(base_url=server.url, headers=server.headers, timeout=60)
    client.post("/v1/volumes", json={"name": "keep"}).raise_for_status()
    client.put("/v1/volumes/keep/files/a/b.txt", params={"commit": "true"}, content=b"hello").raise_for_status()
    client.post("/v1/collections", json={"name": "keep", "model": "all-MiniLM-L6-v2"}).raise_for_status()
    rows = [{"id": "1", "text": "a mill in the granary"}, {"id": "2", "text": "tomatoes grow in summer"}]
    client.post("/v1/collections/keep/upsert", json={"rows": rows}).raise_for_status()
    before = client.post("/v1/collections/keep/search", json={"text": "grinding grain"}).raise_for_status().json()
    assert server.stop() == 0
    server.start()
    client = httpx.Client(base_url=server.url, headers=server.headers, timeout=60)
    assert client.get("/v1/volumes/keep/files/a/b.txt").content == b"hello"
    after = client.post("/v1/collections/keep/search", json={"text": "grinding grain"}).raise_for_status().json()
    assert after["hits"] == before["hits"] and after["hits"][0]["id"] == "1"


def test_the_cache_folder_may_be_deleted(own_server):
    import shutil

    server = own_server()
    client = httpx.Client(base_url=server.url, headers=server.headers, timeout=60)
    client.post("/v1/collections", json={"name": "c", "dims": 2}).raise_for_status()
    rows = [{"id": str(i), "vector": [1.0, float(i)], "text": f"row {i}"} for i in range(3000)]
    for start in range(0, 3000, 500):
        client.post("/v1/collections/c/upsert", json={"rows": rows[start : start + 500]}).raise_for_status()
    assert server.stop() == 0
    shutil.rmtree(server.data / "cache")
    server.start()
    client = httpx.Client(base_url=server.url, headers=server.headers, timeout=60)
    assert client.get("/v1/collections/c").json()["rows"] == 3000
    assert client.get("/v1/collections/c/rows/2999").json()["text"] == "row 2999"


def test_starts_within_two_seconds_of_the_jvm(own_server):
    """Not a benchmark: bench `start` has the figure. A start of over ten seconds is a defect anywhere."""
    server = own_server()
    server.stop()
    started = time.monotonic()
    server.start()
    assert time.monotonic() - started < 10
