"""The Python SDK, the Java client and the command line against one server."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap
import time

import pytest

from conftest import CHECKOUT, LAUNCHER, java_tool


@pytest.fixture
def quern(server, monkeypatch):
    for name, value in server.client_environment().items():
        if name.startswith("QUERN_"):
            monkeypatch.setenv(name, value)
    import quern

    return quern


def test_volume(quern, tmp_path):
    volume = quern.Volume.from_name("sdk-volume", create_if_missing=True)
    volume.put("a/b.txt", b"one", commit=True)
    first = volume.history()[0]
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x.bin").write_bytes(bytes(range(256)) * 5000)
    with volume.batch_upload() as batch:
        batch.put_directory(tmp_path / "d", "/up")
    assert volume.get("up/x.bin") == bytes(range(256)) * 5000
    assert b"".join(volume.read_file("a/b.txt")) == b"one"
    assert [entry.path for entry in volume.iterdir("/") if entry.type == quern.FileEntryType.FILE] == ["a/b.txt", "up/x.bin"]
    volume.put("a/b.txt", b"two", commit=True)
    assert volume.at(first.id).get("a/b.txt") == b"one"
    with pytest.raises(quern.exception.ConflictError):
        volume.put("a/c.txt", b"x")
        volume.commit(expected_head=first.id)
    with pytest.raises(quern.exception.NotFoundError):
        volume.get("nope")
    volume.remove_file("up", recursive=True)
    with pytest.raises(quern.exception.NotFoundError):
        volume.listdir("/up")
    with pytest.raises(quern.exception.NotFoundError):
        volume.get("up/x.bin")


def test_collection(quern):
    collection = quern.Collection.from_name("sdk-rows", create_if_missing=True, model="all-MiniLM-L6-v2")
    collection.upsert(
        [
            {"id": "mill", "text": "a mill grinds grain", "attributes": {"kind": "tool", "year": 1200}},
            {"id": "moon", "text": "the moon orbits the earth", "attributes": {"kind": "sky", "year": 2000}},
        ]
    )
    assert collection.count() == 2
    assert collection.search("flour from wheat", mode="dense")[0].id == "mill"
    assert collection.search("moon", mode="bm25")[0].id == "moon"
    hybrid = collection.search("grinding", filter={"range": ["year", {"gte": 1900}]})
    assert [hit.id for hit in hybrid] == ["moon"]
    table = collection.to_arrow()
    assert table.num_rows == 2 and table.schema.names == ["id", "text", "attributes", "vector"]
    assert collection.delete(["moon", "unknown"]) == 1
    assert collection.count() == 1
    assert len(quern.embed("x")) == 384


def test_collection_of_many_fields(quern):
    import datetime

    when = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)
    schema = {
        "vectors": {"head": {"model": "all-MiniLM-L6-v2", "source": "title"}, "own": {"dims": 2, "metric": "l2"}},
        "texts": {"title": {}, "body": {"analyzer": "german"}},
        "attributes": {"when": "datetime"},
    }
    docs = quern.Collection.from_name("sdk-fields", create_if_missing=True, schema=schema)
    docs.upsert(
        [
            {"id": "mill", "texts": {"title": "a mill", "body": "die Mühlen mahlen"}, "attributes": {"when": when}},
            {"id": "moon", "texts": {"title": "the moon"}, "vectors": {"own": [1, 2]}, "attributes": {"tags": ["sky"], "meta": {"a": None}}},
        ]
    )
    assert set(docs.get("moon").vectors) == {"head", "own"}
    assert docs.get("moon").attributes["meta"] == {"a": None}
    assert [hit.id for hit in docs.search(legs=[{"dense": {"field": "own", "vector": [0, 0]}}])] == ["moon"]
    assert docs.search(legs=[{"dense": {"field": "head", "text": "flour"}}])[0].id == "mill"
    hits = docs.search(legs=[{"bm25": {"text": "Mühle"}}, {"dense": {"field": "head", "text": "sky"}}], limit=1, explain=True)
    assert [plan["strategy"] for plan in hits.plans] == ["inverted", "exact"]
    assert [hit.id for hit in docs.search(legs=[{"bm25": {"query": '+"the moon" -title:mill'}}])] == ["moon"]
    with pytest.raises(quern.exception.InvalidError, match="quote at character 1"):
        docs.search(legs=[{"bm25": {"query": '"the moon'}}])
    rest = docs.search(legs=[{"bm25": {"text": "Mühle"}}, {"dense": {"field": "head", "text": "sky"}}], limit=1, after=hits.next)
    assert {hits[0].id, rest[0].id} == {"mill", "moon"}
    assert docs.tune(field="own", target=0.9)["own"]["outcome"] == "exact"
    assert docs.set_width(300, field="own")["own"]["width"] == 300
    assert docs.stats()["vectors"]["own"]["tuned"] == {"width": 300}
    assert docs.set_width(None) == {}
    assert docs.count(filter={"range": ["when", {"gte": "2026-11-22"}]}) == 1
    assert docs.count(filter={"contains": ["tags", "sky"]}) == 1
    docs.add_fields(attributes={"year": "int64"}, strict=True)
    with pytest.raises(quern.exception.InvalidError, match="strict"):
        docs.upsert([{"id": "x", "texts": {"title": "x"}, "attributes": {"colour": "red"}}])
    with pytest.raises(quern.exception.ConflictError, match="int64"):
        docs.add_fields(attributes={"year": "string"})
    table = docs.to_arrow().sort_by("id")
    assert table.column_names == ["id", "body", "title", "attributes", "head", "own"]
    assert table["own"].to_pylist() == [None, [1.0, 2.0]]
    assert docs.upsert_arrow(table) == 2
    again = docs.upsert_arrow(table, mode="insert")
    assert (again, again.skipped, sorted(again.skipped_ids)) == (0, 2, table["id"].to_pylist())
    rows = table.select(["id", "title"]).append_column("if_version", [[1, 1]])
    with pytest.raises(quern.exception.ConflictError, match="expected version 1, found"):
        docs.upsert_arrow(rows, mode="patch")
    assert docs.stats()["vectors"]["head"]["rows"] >= 2
    assert docs.merge() in (True, False)


def test_sync_follows_changes(quern):
    volume = quern.Volume.from_name("sdk-sync", create_if_missing=True)
    volume.put("a.md", "# Bread\n\nFlour, water, salt.\n")
    volume.put("b.md", "# Moon\n\nIt orbits the earth.\n", commit=True)
    collection = quern.Collection.from_name("sdk-sync", create_if_missing=True, model="all-MiniLM-L6-v2")
    reports = []
    done = collection.sync(volume, progress=reports.append)
    assert done.files_done == 2 and reports[-1].type == "done"
    assert collection.sync(volume).files_done == 0
    hit = collection.search("baking", mode="dense")[0]
    assert hit.attributes["path"] == "a.md" and hit.attributes["line"] == 1
    volume.put("a.md", "# Iron\n\nMelts at 1538 degrees.\n", commit=True)
    volume.remove_file("b.md")
    done = collection.sync(volume)
    assert {row.attributes["path"] for row in collection.rows()} == {"a.md"}
    assert "Iron" in collection.search("metal")[0].text


APP = '''
import os
import quern

app = quern.App("sdk-app")
volume = quern.Volume.from_name("sdk-app", create_if_missing=True)


class Odd(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")
        self.a, self.b = a, b

    def __reduce__(self):
        return (Odd, (self.a, self.b))


@app.function(volumes={"/data": volume}, timeout=20)
def size(path, factor=1):
    print("reading", path)
    return os.path.getsize("/data/" + path) * factor


@app.function()
def fail(n):
    if n == 1:
        raise ValueError("n is one")
    raise Odd(n, n + 1)


@app.function()
def pid():
    return os.getpid()


@app.local_entrypoint()
def main(name: str = "a.txt", times: int = 2):
    volume.put("a.txt", b"12345", commit=True)
    print("local", len(name))
    print("remote", size.remote(name))
    print("map", list(size.map([name] * times)))
    print("starmap", list(size.starmap([(name, 2), (name, 3)])))
    call = size.spawn(name, factor=10)
    print("spawn", quern.FunctionCall.from_id(call.object_id).get(timeout=20))
    for n in (1, 2):
        try:
            fail.remote(n)
        except Exception as error:
            print("error", type(error).__name__, error)
    print("kept", [type(x).__name__ for x in fail.map([1, 2], return_exceptions=True)])
    print("empty", list(size.map([])))
    print("warm", pid.remote() == pid.remote())
'''


def test_app_run_and_deploy(server, tmp_path):
    (tmp_path / "sdk_app.py").write_text(APP)
    result = server.cli("run", tmp_path / "sdk_app.py", "--times", "3")
    lines = result.stdout.splitlines()
    for expected in (
        "local 5", "remote 5", "map [5, 5, 5]", "starmap [10, 15]", "spawn 50", "error ValueError n is one",
        "error Odd 2 and 3", "kept ['ValueError', 'Odd']", "empty []",
    ):
        assert expected in lines, result.stdout + result.stderr
    assert "sdk-app" not in server.cli("function", "list", "--json").stdout, "an app that was run leaves nothing behind"
    server.cli("deploy", tmp_path / "sdk_app.py")
    assert "sdk-app-size" in server.cli("function", "list", "--json").stdout
    code = "import quern; print(quern.Function.from_name('sdk-app', 'size').remote('a.txt'))"
    again = subprocess.run([sys.executable, "-c", code], env=server.client_environment(), capture_output=True, text=True)
    assert again.stdout.strip() == "5", again.stderr


def test_run_needs_nothing_but_python(server, tmp_path):
    """Plain python3 without httpx: the SDK falls back to the standard library."""
    (tmp_path / "sdk_app.py").write_text(APP)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    environment = server.client_environment()
    environment["PATH"] = f"{bare / 'bin'}{os.pathsep}{environment['PATH']}"
    result = subprocess.run(
        [LAUNCHER, "run", tmp_path / "sdk_app.py"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0 and "remote 5" in result.stdout, result.stdout + result.stderr


def test_what_quern_lacks_is_named(quern):
    for name in ("Image", "Secret", "Queue"):
        with pytest.raises(Exception, match=name):
            getattr(quern, name)


def test_spawned_calls_run_after_a_restart(own_server, tmp_path):
    server = own_server()
    (tmp_path / "later.py").write_text(
        textwrap.dedent(
            """
            import time
            import quern
            app = quern.App("later")

            @app.function(timeout=60, max_containers=1)
            def slow(n):
                time.sleep(1)
                return n * n
            """
        )
    )
    server.cli("deploy", tmp_path / "later.py")
    spawned = [json.loads(server.cli("function", "call", "later-slow", n, "--spawn", "--json").stdout)["id"] for n in range(3)]
    server.kill()
    server.start()
    for n, call in enumerate(spawned):
        result = json.loads(server.cli("call", "get", call, "--wait", "60", "--json").stdout)
        assert result["status"] == "succeeded" and result["output"]["json"] == n * n


def test_java_client(server, tmp_path):
    (tmp_path / "Use.java").write_text(
        textwrap.dedent(
            """
            import dev.quern.client.*;
            import dev.quern.client.flight.*;
            import dev.quern.common.*;
            import dev.quern.common.wire.*;
            import java.io.*;
            import java.net.URI;
            import java.util.*;

            public class Use {
                public static void main(String[] args) throws Exception {
                    try (QuernClient quern = QuernClient.fromEnvironment()) {
                        quern.volumes().createIfMissing("java");
                        VolumeFiles files = quern.volumes().files("java");
                        byte[] bytes = new byte[9_000_000];
                        new Random(1).nextBytes(bytes);
                        files.put("d/big.bin", new ByteArrayInputStream(bytes));
                        CommitBody commit = files.commit("from Java");
                        ByteArrayOutputStream back = new ByteArrayOutputStream();
                        files.at(commit.id()).get("d/big.bin", back);
                        System.out.println("same " + Arrays.equals(bytes, back.toByteArray()));
                        quern.collections().create(new CreateCollection("java", 2, "l2", null, true));
                        quern.collections().upsert("java", List.of(
                            new RowBody("a", "first", List.of(0f, 1f), Map.of("n", 1)),
                            new RowBody("b", "second", List.of(1f, 0f), Map.of("n", 2))));
                        SearchRows query = new SearchRows("dense", null, List.of(1f, 0.1f), 1, null, null, null);
                        System.out.println("hit " + quern.collections().search("java", query).hits().getFirst().id());
                        System.out.println("embed " + quern.models().embed("all-MiniLM-L6-v2", List.of("x", "y")).size());
                        try {
                            quern.volumes().get("no-such-volume");
                        } catch (QuernException e) {
                            System.out.println("error " + e.kind());
                        }
                        URI flight = URI.create(System.getenv("QUERN_FLIGHT_URL"));
                        try (QuernFlight bulk = QuernFlight.open(flight, System.getenv("QUERN_TOKEN"));
                                RowCursor rows = bulk.rows("java")) {
                            int n = 0;
                            while (rows.hasNext()) {
                                rows.next();
                                n++;
                            }
                            ByteArrayOutputStream copy = new ByteArrayOutputStream();
                            bulk.getFile(FileRef.of("java", "d/big.bin"), copy);
                            VectorRow again = new VectorRow("a", "third", Map.of(), new float[] {1, 1});
                            System.out.println("skipped "
                                + bulk.putRows("java", PutMode.of("insert"), List.of(again).iterator()).skippedIds());
                            bulk.putRows("java", PutMode.patch("text"), List.of(
                                new VectorRow("a", Map.of("text", "third"), Map.of(), Map.of())).iterator());
                            try {
                                bulk.putRows("java", PutMode.of("upsert"), List.of(again.onlyIf(1)).iterator());
                            } catch (QuernException e) {
                                System.out.println("put " + e.kind());
                            }
                            System.out.println("flight " + n + " " + Arrays.equals(bytes, copy.toByteArray()));
                        }
                    }
                }
            }
            """
        )
    )
    flags = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false"]
    result = subprocess.run(
        [java_tool("java"), *flags, "-cp", f"{CHECKOUT}/cli/target/dist/lib/*", tmp_path / "Use.java"],
        env=server.client_environment(), capture_output=True, text=True, timeout=120,
    )
    assert result.stdout.split("\n")[:7] == [
        "same true", "hit b", "embed 2", "error NOT_FOUND", "skipped [a]", "put CONFLICT", "flight 2 true"
    ], result.stdout + result.stderr


def test_cli_files(server, tmp_path):
    server.cli("volume", "create", "cli")
    assert server.cli("volume", "create", "cli", check=False).returncode == 5
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_text("a")
    (tmp_path / "tree" / "sub" / "ü b.txt").write_text("b")
    commit = json.loads(server.cli("volume", "put", "cli", tmp_path / "tree", "--json").stdout)
    assert commit["files"] == 2
    listing = json.loads(server.cli("volume", "ls", "cli", "-r", "--json").stdout)
    assert [e["path"] for e in listing["entries"] if e["type"] == "file"] == ["tree/a.txt", "tree/sub/ü b.txt"]
    server.cli("volume", "get", "cli", "tree", tmp_path / "back", "-r")
    assert (tmp_path / "back" / "sub" / "ü b.txt").read_text() == "b"
    assert server.cli("volume", "get", "cli", "tree/a.txt", "-").stdout == "a"
    server.cli("volume", "rm", "cli", "tree/a.txt")
    assert server.cli("volume", "get", "cli", "tree/a.txt", "-", check=False).returncode == 3
    assert server.cli("volume", "get", "cli", "tree/a.txt", "-", "--at", commit["id"]).stdout == "a"
    stale = server.cli("volume", "put", "cli", tmp_path / "tree", "--expect", commit["id"], check=False)
    assert stale.returncode == 5 and commit["id"] in stale.stderr
    assert len(json.loads(server.cli("volume", "log", "cli", "--json").stdout)["commits"]) == 3


def test_cli_rows_and_calls(server, tmp_path):
    server.cli("collection", "create", "cli-rows", "--dims", "2", "--metric", "l2")
    rows = [{"id": f"r{i}", "text": f"row {i}", "vector": [i, 0], "attributes": {"even": i % 2 == 0}} for i in range(5)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert json.loads(server.cli("collection", "upsert", "cli-rows", tmp_path / "rows.jsonl", "--json").stdout)["upserted"] == 5
    hits = json.loads(server.cli("collection", "search", "cli-rows", "--vector", "[3,0]", "--json").stdout)["hits"]
    assert hits[0]["id"] == "r3"
    hits = json.loads(
        server.cli("collection", "search", "cli-rows", "--vector", "[3,0]", "--filter", '{"eq":["even",true]}', "--json").stdout
    )["hits"]
    assert [hit["id"] for hit in hits][0] in ("r2", "r4") and len(hits) == 3
    hits = json.loads(server.cli("collection", "search", "cli-rows", "row 3", "--mode", "bm25", "--json").stdout)["hits"]
    assert hits[0]["id"] == "r3"
    hits = json.loads(server.cli("collection", "search", "cli-rows", "--query", '"row 4"', "--json").stdout)["hits"]
    assert [hit["id"] for hit in hits] == ["r4"]
    head, *exported = [json.loads(line) for line in server.cli("collection", "export", "cli-rows").stdout.splitlines()]
    exported.sort(key=lambda row: row["id"])
    assert head["rows"] == 5 and [row["id"] for row in exported] == ["r0", "r1", "r2", "r3", "r4"]
    assert exported[3] == {"id": "r3", "text": "row 3", "vector": [3, 0], "even": False}
    assert server.cli("collection", "rm", "cli-rows", "r1", "--if-version", "1", check=False).returncode == 5
    assert json.loads(server.cli("collection", "rm", "cli-rows", "r1", "--json").stdout)["deleted"] == 1
    (tmp_path / "bad.jsonl").write_text('{"id": "x"\n')
    bad = server.cli("collection", "upsert", "cli-rows", tmp_path / "bad.jsonl", check=False)
    assert bad.returncode == 2 and "line 1" in bad.stderr
    (tmp_path / "Add.java").write_text(
        "public class Add { public static int of(int a, int b) { if (a < 0) throw new IllegalArgumentException(\"negative\"); return a + b; } }"
    )
    subprocess.run([java_tool("javac"), "-d", tmp_path, tmp_path / "Add.java"], check=True)
    subprocess.run([java_tool("jar"), "cf", tmp_path / "add.jar", "-C", tmp_path, "Add.class"], check=True)
    server.cli("function", "deploy", "add", tmp_path / "add.jar", "Add::of")
    assert server.cli("function", "call", "add", "2", "40").stdout.strip() == "42"
    failed = server.cli("function", "call", "add", "-1", "0", check=False)
    assert failed.returncode == 2 or failed.returncode == 7, failed.stderr
    failed = server.cli("function", "call", "add", "--", "-1", "0", check=False)
    assert failed.returncode == 7 and "IllegalArgumentException" in failed.stderr and "negative" in failed.stderr


def test_cli_help_and_completion(server):
    out = server.cli("--help").stdout
    for verb in ("serve", "demo", "volume", "collection", "function", "call", "embed", "run", "deploy"):
        assert verb in out
    completion = server.cli("generate-completion").stdout
    subprocess.run(["bash", "-n"], input=completion, text=True, check=True)
    assert server.cli("nonsense", check=False).returncode == 2
    dead = subprocess.run(
        [LAUNCHER, "volume", "list", "--url", "http://127.0.0.1:1"], env=server.client_environment(), capture_output=True, text=True
    )
    assert dead.returncode == 6 and "127.0.0.1:1" in dead.stderr


def test_distribution_runs_without_the_checkout(tmp_path):
    made = subprocess.run([LAUNCHER, "dist"], capture_output=True, text=True, check=True)
    archive = pathlib.Path(made.stdout.strip().splitlines()[-1])
    assert archive.name.startswith("quern-") and archive.exists()
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    root = next(tmp_path.glob("quern-*"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_") and k != "JAVA_HOME"}
    environment["HOME"] = str(tmp_path)
    process = subprocess.Popen(
        [root / "quern", "serve", "--data", tmp_path / "data", "--http-port", "0", "--flight-port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, stdin=subprocess.DEVNULL,
    )
    try:
        url = process.stdout.readline().split("http=")[1].split()[0]
        environment.update(QUERN_URL=url, QUERN_TOKEN=(tmp_path / "data" / "admin.token").read_text().strip())
        out = subprocess.run([root / "quern", "embed", "a mill"], env=environment, capture_output=True, text=True, check=True)
        assert len(json.loads(out.stdout)["vector"]) == 384
    finally:
        process.terminate()
        process.wait(timeout=60)
        archive.unlink()


def test_a_second_start_of_the_launcher_builds_nothing():
    started = time.monotonic()
    result = subprocess.run([LAUNCHER, "--version"], capture_output=True, text=True, check=True)
    assert "building" not in result.stderr and result.stdout.startswith("quern ")
    assert time.monotonic() - started < 5


def test_without_a_jdk_it_says_what_to_install(tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("bash", "env", "dirname", "readlink", "sed", "uname", "tr", "cat"):
        (bare / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip())
    script = (CHECKOUT / "quern").read_text().replace("/usr/lib/jvm/*", str(tmp_path / "none" / "*")).replace("/opt/", str(tmp_path) + "/")
    (tmp_path / "quern").write_text(script)
    (tmp_path / "quern").chmod(0o755)
    result = subprocess.run(
        [tmp_path / "quern", "serve"], env={"PATH": str(bare), "HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert result.returncode == 2 and "JDK 25" in result.stderr and "JAVA_HOME" in result.stderr, result.stderr
