"""Collections as files: out of one collection into another, and into pyarrow and pandas."""

import json
import os
import pathlib
import sys

import numpy
import pyarrow as pa
import pytest
import quern
from pyarrow import parquet

SCHEMA = {
    "vectors": {"image": {"dims": 3}, "sound": {"dims": 2, "metric": "l2"}},
    "texts": {"title": {"analyzer": "german"}},
    "attributes": {
        "whole": "int64", "decimal": "float64", "flag": "bool", "name": "string", "when": "datetime",
        "wholes": "int64[]", "decimals": "float64[]", "flags": "bool[]", "names": "string[]", "whens": "datetime[]",
        "anything": "json",
    },
    "strict": True,
}


def rows_of(ids, count):
    random = numpy.random.default_rng(7)
    for i in range(count):
        row = {"id": f"é{i}" if ids == "string" else 2**64 - 1 - 7 * i, "image": random.random(3)}
        if i % 2:
            row |= {"sound": random.random(2), "title": f"Mühle {i}", "whole": 2**62 + i, "decimal": float(i), "flag": True, "name": ""}
            row |= {"when": f"2026-11-22T00:00:00.{i % 1000:03}Z"}
        if i % 3:
            row |= {"wholes": [] if i % 5 == 0 else [1, -i], "decimals": [0.5, float(i)], "flags": [True, False], "names": ["", "ü"]}
            row |= {"whens": ["1999-01-01"], "anything": {"n": 1.0, "list": [None, "x", 5]}}
        if i % 7 == 0:
            row["expires_at"] = f"9000-01-02T03:04:05.{i % 1000:03}Z"
        yield row


def content(collection):
    return sorted(json.dumps(row._asdict(), sort_keys=True) for row in collection.rows(include_vector=True))


@pytest.fixture
def client(server):
    os.environ["QUERN_FLIGHT_URL"] = server.flight_url
    yield quern.Client(server.url, server.token)
    del os.environ["QUERN_FLIGHT_URL"]


@pytest.mark.parametrize("ids", ["string", "uint64"])
def test_everything_comes_back_from_each_format(client, tmp_path, ids):
    source = quern.Collection.from_name(f"files-{ids}", create_if_missing=True, schema={"id": ids, **SCHEMA}, client=client)
    assert source.upsert(rows_of(ids, 1500)) == 1500
    for name in ("rows.jsonl", "rows.arrow", "rows.parquet"):
        assert source.export_file(tmp_path / name) == 1500
        copy = quern.Collection.from_name(f"files-{ids}-{name[5:]}", client=client)
        for _ in range(2):
            assert copy.import_file(tmp_path / name) == 1500
        assert content(copy) == content(source)
        assert copy.info()["schema"] == source.info()["schema"]
    tables = [pa.ipc.open_file(tmp_path / "rows.arrow").read_all(), parquet.read_table(tmp_path / "rows.parquet")]
    for table in tables:
        assert table.num_rows == 1500
        assert table.schema.field("id").type == (pa.string() if ids == "string" else pa.uint64())
        assert table.schema.field("image").type == pa.list_(pa.float32(), 3)
        assert table.schema.field("when").type == pa.timestamp("ms", "UTC")
        assert table.schema.field("names").type == pa.list_(pa.string())
        assert table.schema.field("expires_at").type == pa.timestamp("ms", "UTC")
        assert table.column("expires_at").null_count == 1500 - 215
    assert tables[0].sort_by("id").equals(tables[1].sort_by("id"))
    other = {**SCHEMA, "id": ids, "attributes": {"whole": "string"}}
    wrong = quern.Collection.from_name(f"files-{ids}-wrong", create_if_missing=True, schema=other, client=client)
    wrong.count()
    with pytest.raises(quern.exception.ConflictError, match="whole"):
        wrong.import_file(tmp_path / "rows.parquet")


def test_frames_of_others_are_rows(client, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [1, 2], "vector": [[1.0, 2.0], [3.0, 4.0]], "year": [2020, 2021], "text": ["a", None]})
    frame.to_parquet(tmp_path / "frame.parquet")
    unmade = quern.Collection.from_name("frames-none", client=client)
    with pytest.raises(quern.exception.NotFoundError, match="create the collection first"):
        unmade.import_file(tmp_path / "frame.parquet")
    made = quern.Collection.from_name("frames", create_if_missing=True, dims=2, metric="l2", client=client)
    assert made.import_file(tmp_path / "frame.parquet") == 2
    assert made.upsert(frame) == 2
    assert made.get(2) == quern.Row(2, None, [3.0, 4.0], {"year": 2021}, None, None)
    made.to_parquet(tmp_path / "back.parquet")
    assert pandas.read_parquet(tmp_path / "back.parquet").sort_values("id")["year"].tolist() == [2020, 2021]


def test_command_line(server, client, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    source = quern.Collection.from_name("cli-files", create_if_missing=True, schema={"id": "uint64", **SCHEMA}, client=client)
    source.upsert(rows_of("uint64", 300))
    for name in ("rows.jsonl", "rows.arrow", "rows.parquet"):
        server.cli("collection", "export", "cli-files", "--out", tmp_path / name)
        copied = json.loads(server.cli("collection", "import", f"cli-{name}", tmp_path / name, "--json").stdout)
        assert copied == {"imported": 300}
        assert content(quern.Collection.from_name(f"cli-{name}", client=client)) == content(source)
    lines = server.cli("collection", "export", "cli-files", "--base64").stdout.splitlines()
    assert json.loads(lines[0])["schema"]["id"] == "uint64" and len(lines) == 301
    missing = server.cli("collection", "export", "no-such", "--out", tmp_path / "x.parquet", check=False)
    assert missing.returncode == 3 and not (tmp_path / "x.parquet").exists()
    unknown = server.cli("collection", "import", "x", tmp_path / "rows.csv", check=False)
    assert unknown.returncode == 2 and "--format" in unknown.stderr
