import array
import base64
import datetime
import struct

import pytest

import quern
from quern import collection, exception
from quern import rows as wire


@pytest.fixture
def docs(client):
    return quern.Collection.from_name("docs", create_if_missing=True, dims=3, client=client)


def rows_of(server):
    return server.collections["docs"][1]


def test_create_if_missing_needs_a_shape():
    with pytest.raises(exception.InvalidError, match="dims or model or schema"):
        quern.Collection.from_name("docs", create_if_missing=True)


def test_sends_the_shape_at_first_use(server, client):
    docs = quern.Collection.from_name(
        "docs", create_if_missing=True, model="all-MiniLM-L6-v2", metric="dot", client=client
    )
    assert server.requests == []
    assert docs.count() == 0
    spec = server.collections["docs"][0]
    assert spec == {
        "name": "docs",
        "model": "all-MiniLM-L6-v2",
        "metric": "dot",
        "if_not_exists": True,
    }
    docs.count()
    assert len(server.sent("POST /v1/collections")) == 1


def test_upserts_rows_dicts_and_any_vector(server, docs):
    assert (
        docs.upsert(
            [
                quern.Row("a", text="hello", vector=(1, 2, 3), attributes={"n": 1}),
                {"id": "b", "vector": array.array("f", [0.5, 1, 2])},
                {"id": "c", "text": "no vector"},
            ]
        )
        == 3
    )
    assert rows_of(server)["a"] == {
        "id": "a",
        "text": "hello",
        "vector": [1.0, 2.0, 3.0],
        "attributes": {"n": 1},
    }
    assert rows_of(server)["b"] == {"id": "b", "vector": [0.5, 1.0, 2.0]}
    assert docs.get("a") == quern.Row("a", "hello", [1.0, 2.0, 3.0], {"n": 1})


def test_modes_conditions_and_times_to_live(server, docs):
    docs.upsert([{"id": "a", "n": 1}])
    written = docs.upsert(
        [quern.Row("a", version=3), {"id": "b", "if_version": 0}], mode="insert", ttl=60
    )
    assert written == 1
    assert (written.token, written.skipped, written.skipped_ids) == (2, 1, ["a"])
    assert server.last_write == {"mode": "insert", "ttl": 60}
    assert rows_of(server)["b"] == {"id": "b", "if_version": 0}
    with pytest.raises(exception.InvalidError, match="upsert, insert or update"):
        docs.upsert([], mode="patch")
    assert docs.patch([{"id": "a", "n": None}]) == 1
    assert server.last_write == {"rows": [{"id": "a", "n": None}]}
    assert docs.patch(filter={"eq": ["n", 1]}, set={"n": None}, ttl=5) == 1
    assert server.last_write == {"filter": {"eq": ["n", 1]}, "set": {"n": None}, "ttl": 5}
    with pytest.raises(exception.InvalidError, match="takes set"):
        docs.patch(filter={"eq": ["n", 1]})
    assert docs.delete(if_versions={"a": 3}).token == 1


def test_upserts_flat_rows_and_columns(server, docs, monkeypatch):
    docs.upsert([{"id": "a", "vector": [1, 2, 3], "year": 2020, "title": None}])
    assert rows_of(server)["a"] == {"id": "a", "vector": [1.0, 2.0, 3.0], "year": 2020}
    monkeypatch.setattr(wire, "ROWS_PER_REQUEST_MAX", 2)
    when = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)
    columns = {"id": ["b", "c", "d"], "year": array.array("i", [1, 2, 3]), "when": [when, None, 1]}
    assert docs.upsert(columns=columns) == 3
    assert len(server.sent("POST */upsert")) == 3
    assert rows_of(server)["b"] == {"id": "b", "year": 1, "when": "2026-11-22T00:00:00+00:00"}
    assert rows_of(server)["d"] == {"id": "d", "year": 3, "when": 1}
    monkeypatch.setattr(wire, "BYTES_PER_REQUEST_MAX", 20)
    docs.upsert(columns={"id": ["e", "f"]})
    assert len(server.sent("POST */upsert")) == 5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "must have 'id'"),
        ({"id": ["a"], "year": [1, 2]}, "'year' has 2 values, 'id' has 1"),
        ({"id": "abc"}, "'id' must be a list"),
        ({"id": ["a"], "year": [object()]}, "rows 0 to 1 cannot be written"),
        ({"id": ["a"], "year": [float("inf")]}, "rows 0 to 1 cannot be written"),
    ],
)
def test_bad_columns_are_named(docs, columns, message):
    with pytest.raises(exception.InvalidError, match=message):
        docs.upsert(columns=columns)
    with pytest.raises(exception.InvalidError, match="either rows or columns"):
        docs.upsert([], columns=columns)


def test_upserts_arrays_frames_and_tables(server, docs):
    numpy = pytest.importorskip("numpy")
    matrix = numpy.array([[1, 2, 3], [4, 5, 6]], dtype=numpy.float32)
    docs.upsert([{"id": "a", "vector": matrix[0], "n": numpy.int64(5), "tags": numpy.array(["x"])}])
    assert rows_of(server)["a"] == {"id": "a", "vector": "AACAPwAAAEAAAEBA", "n": 5, "tags": ["x"]}
    docs.upsert(columns={"id": numpy.array([1, 2]), "vector": matrix, "n": numpy.array([0.5, 1])})
    assert rows_of(server)[2] == {"id": 2, "vector": "AACAQAAAoEAAAMBA", "n": 1.0}
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["p", "q"], "vector": list(matrix), "n": [None, 2.5]})
    assert docs.upsert(frame) == 2
    assert rows_of(server)["p"] == {"id": "p", "vector": [1.0, 2.0, 3.0]}
    assert rows_of(server)["q"]["n"] == 2.5


def test_upserts_arrow_tables(server, docs):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(
        {
            "id": pyarrow.array([1, 2], pyarrow.uint64()),
            "vector": pyarrow.array([[1.0, 2.0, 3.0], None], pyarrow.list_(pyarrow.float32(), 3)),
            "tags": [["x"], None],
        }
    )
    assert docs.upsert(table) == 2
    assert rows_of(server)[1] == {"id": 1, "vector": [1.0, 2.0, 3.0], "tags": ["x"]}
    assert rows_of(server)[2] == {"id": 2}
    docs.upsert(table.to_batches()[0].slice(1))
    assert rows_of(server)[2] == {"id": 2}


def test_fields_by_name(server, client):
    schema = {"vectors": {"title": {"dims": 2}}, "texts": {"title": {"analyzer": "german"}}}
    docs = quern.Collection.from_name("many", create_if_missing=True, schema=schema, client=client)
    when = datetime.datetime(2026, 11, 22, 18, 30, tzinfo=datetime.timezone.utc)
    docs.upsert(
        [
            quern.Row(
                "a",
                texts={"title": "Mühle"},
                vectors={"title": array.array("f", [0.5, 1])},
                attributes={"when": when, "day": when.date(), "meta": {"deep": [None]}},
            )
        ]
    )
    assert server.collections["many"][0]["schema"] == schema
    assert server.collections["many"][1]["a"] == {
        "id": "a",
        "texts": {"title": "Mühle"},
        "vectors": {"title": [0.5, 1.0]},
        "attributes": {
            "when": "2026-11-22T18:30:00+00:00",
            "day": "2026-11-22",
            "meta": {"deep": [None]},
        },
    }
    assert docs.get("a").vectors == {"title": [0.5, 1.0]}
    docs.search(
        legs=[
            {"dense": {"field": "title", "vector": array.array("f", [1, 2])}, "weight": 2},
            {"bm25": {"text": "Mühle", "fields": {"title": 3}}},
        ],
        fusion={"method": "weighted"},
    )
    assert server.last_search == {
        "limit": 10,
        "legs": [
            {"dense": {"field": "title", "vector": "AACAPwAAAEA="}, "weight": 2},
            {"bm25": {"text": "Mühle", "fields": {"title": 3}}},
        ],
        "fusion": {"method": "weighted"},
    }
    with pytest.raises(exception.InvalidError, match="no time zone"):
        docs.upsert([{"id": "b", "attributes": {"when": datetime.datetime(2026, 1, 1)}}])


def test_pages_fields_and_counts(server, docs):
    docs.upsert([{"id": "a", "text": "t"}])
    result = docs.search(
        "grain", fields=("n",), exclude=["m"], after="x", timeout_ms=5, explain=True
    )
    assert server.last_search == {
        "text": "grain",
        "limit": 10,
        "fields": ["n"],
        "exclude": ["m"],
        "after": "x",
        "timeout_ms": 5,
        "explain": True,
    }
    assert (result.next, result.partial, result.plans) == (None, False, None)
    assert docs.count() == 1
    assert server.last_count == {}
    docs.count(filter={"exists": "n"})
    assert server.last_count == {"filter": {"exists": "n"}}


def test_tunes(server, docs):
    docs.count()
    assert docs.tune()["vector"]["outcome"] == "exact"
    usual = {"target": 0.95, "k": 10, "queries": 200, "timeout_ms": 30000, "keep": True}
    assert server.last_tune == usual
    docs.tune(field="own", target=0.9, max_width=500, timeout=1.5, keep=False)
    given = {"field": "own", "target": 0.9, "max_width": 500, "timeout_ms": 1500, "keep": False}
    assert server.last_tune == {**usual, **given}
    assert docs.cancel_tune() is False
    assert docs.set_width(99) == {"vector": {"width": 99}}
    assert docs.set_width(77, field="own")["own"] == {"width": 77}
    assert set(docs.widths()) == {"own", "vector"}
    assert docs.set_width(None, field="own") == {}
    assert server.sent("DELETE */tune")


def test_adds_fields(server, docs):
    docs.count()
    grown = docs.add_fields(attributes={"year": "int64"}, strict=True)
    assert grown["schema"] == {"attributes": {"year": "int64"}, "strict": True}
    assert server.sent("PATCH /v1/collections/docs")


def test_upsert_splits_by_rows_and_bytes(server, docs, monkeypatch):
    monkeypatch.setattr(wire, "ROWS_PER_REQUEST_MAX", 4)
    assert docs.upsert({"id": str(i)} for i in range(10)) == 10
    assert len(server.sent("POST */upsert")) == 3
    monkeypatch.setattr(wire, "BYTES_PER_REQUEST_MAX", 100)
    docs.upsert({"id": str(i), "text": "x" * 60} for i in range(3))
    assert len(server.sent("POST */upsert")) == 6
    assert docs.upsert([]) == 0
    assert len(server.sent("POST */upsert")) == 6


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a", "vector": [float("nan")]}, "'a'.*JSON"),
        ({"id": "a", "vector": ["x"]}, "numbers"),
        ({"id": "a", "attributes": {"x": object()}}, "'a'.*JSON"),
        ("a", "dict"),
    ],
)
def test_bad_rows_are_named(docs, row, message):
    with pytest.raises(exception.InvalidError, match=message):
        docs.upsert([row])


def test_search_sends_only_what_was_given(server, docs):
    docs.upsert([{"id": str(i), "text": "t"} for i in range(5)])
    result = docs.search("grain", limit=2)
    assert server.last_search == {"text": "grain", "limit": 2}
    assert [hit.id for hit in result] == ["0", "1"]
    assert (result.mode, result.took_ms, result[0].attributes) == ("hybrid", 0.5, {})
    docs.search(
        vector=array.array("f", [1, 2, 3]),
        mode="dense",
        exact=True,
        include_vector=True,
        filter={"eq": ["a", 0]},
    )
    assert server.last_search == {
        "vector": "AACAPwAAAEAAAEBA",
        "mode": "dense",
        "limit": 10,
        "exact": True,
        "include_vector": True,
        "filter": {"eq": ["a", 0]},
    }
    with pytest.raises(exception.InvalidError, match="vector="):
        docs.search([1.0, 2.0])


def test_deletes_by_id_or_by_filter(server, docs):
    docs.upsert([{"id": "a"}, {"id": "b"}, {"id": "c"}])
    assert docs.delete(["a", "x"]) == 1
    assert docs.delete(filter={"eq": ["k", "v"]}) == 2
    for arguments in ({}, {"ids": ["a"], "filter": {}}, {"ids": "abc"}):
        with pytest.raises(exception.InvalidError):
            docs.delete(**arguments)


def test_ids_are_encoded(server, docs):
    docs.upsert([{"id": "a/b?c#1"}])
    assert docs.get("a/b?c#1").id == "a/b?c#1"
    with pytest.raises(exception.NotFoundError):
        docs.get("a")


def test_rows_come_page_by_page(docs, monkeypatch):
    monkeypatch.setattr(collection, "_PAGE_ROWS", 3)
    docs.upsert({"id": f"{i:02}"} for i in range(8))
    assert [row.id for row in docs.rows()] == [f"{i:02}" for i in range(8)]


EVENT = {
    "type": "progress",
    "commit": "c" * 64,
    "files_total": 2,
    "files_done": 1,
    "files_skipped": 0,
    "files_deleted": 0,
    "rows_upserted": 5,
    "rows_deleted": 0,
    "tokens": 99,
    "seconds": 0.5,
    "skipped": [],
}


def test_sync_reports_progress(server, docs, client):
    server.sync_events = [EVENT, {**EVENT, "type": "done", "files_done": 2}]
    seen = []
    volume = quern.Volume.from_name("files", client=client)
    report = docs.sync(volume, "**/*.md", progress=seen.append)
    assert server.last_sync == {"volume": "files", "glob": "**/*.md"}
    assert [event.type for event in seen] == ["progress", "done"]
    assert (report.files_done, report.rows_upserted, report.tokens) == (2, 5, 99)


def test_sync_raises_what_stopped_it(server, docs):
    error = {"code": "NOT_FOUND", "message": "no volume files", "details": {}}
    server.sync_events = [EVENT, {**EVENT, "type": "error", "error": error}]
    with pytest.raises(exception.NotFoundError, match="no volume files"):
        docs.sync("files")
    server.sync_events = [EVENT]
    with pytest.raises(exception.UnavailableError, match="ended without"):
        docs.sync("files")


def test_objects_lists_and_deletes(server, docs, client):
    docs.upsert([{"id": "a"}])
    assert [c.name for c in quern.Collection.objects.list(client=client)] == ["docs"]
    quern.Collection.objects.delete("docs", client=client)
    quern.Collection.objects.delete("docs", allow_missing=True, client=client)
    with pytest.raises(exception.NotFoundError):
        quern.Collection.objects.delete("docs", client=client)


def test_embeds_one_or_many_in_order(server, client, monkeypatch):
    monkeypatch.setattr("quern._embed._TEXTS_PER_REQUEST", 2)
    assert quern.embed("four", client=client) == [4.0, 0.0, 0.5]
    vectors = quern.embed(["a", "bb", "ccc"], client=client)
    assert [vector[0] for vector in vectors] == [1.0, 2.0, 3.0]
    assert len(server.sent("POST /v1/embeddings")) == 3
    assert quern.embed([], client=client) == []


def test_embed_errors(client):
    with pytest.raises(exception.NotFoundError, match="no model nope"):
        quern.embed("x", model="nope", client=client)
    with pytest.raises(exception.InvalidError):
        quern.embed([1], client=client)


def test_searches_send_vectors_as_base64(server, client):
    docs = quern.Collection.from_name("docs", create_if_missing=True, dims=2, client=client)
    packed = base64.b64encode(struct.pack("<2f", 0.1, -2)).decode()
    for vector in ([0.1, -2], (0.1, -2), array.array("f", [0.1, -2]), iter([0.1, -2])):
        docs.search(vector=vector)
        assert server.last_search["vector"] == packed
    docs.search(legs=[{"dense": {"vector": [0.1, -2], "field": "vector"}}])
    assert server.last_search["legs"] == [{"dense": {"vector": packed, "field": "vector"}}]
    for bad in (["a"], 3, [[1, 2]], [None]):
        with pytest.raises(exception.InvalidError, match="a vector must hold numbers"):
            docs.search(vector=bad)
