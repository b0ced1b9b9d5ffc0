import json

import pytest
from fake_server import TOKEN

import quern
from quern import exception

pa = pytest.importorskip("pyarrow")
flight = pytest.importorskip("pyarrow.flight")

SCHEMA = pa.schema(
    [
        pa.field("id", pa.utf8(), nullable=False),
        pa.field("text", pa.utf8()),
        pa.field("attributes", pa.utf8(), nullable=False),
        pa.field("vector", pa.list_(pa.float32(), 2), nullable=False),
    ]
)


def table(count):
    return pa.table(
        {
            "id": [f"r{i}" for i in range(count)],
            "text": [None if i % 2 else "t" for i in range(count)],
            "attributes": ["{}"] * count,
            "vector": [[float(i), 1.0] for i in range(count)],
        },
        schema=SCHEMA,
    )


NAMED = pa.schema(
    [
        pa.field("id", pa.utf8(), nullable=False),
        pa.field("body", pa.utf8()),
        pa.field("title", pa.utf8()),
        pa.field("attributes", pa.utf8(), nullable=False),
        pa.field("body_v", pa.list_(pa.float32(), 3)),
        pa.field("title_v", pa.list_(pa.float32(), 1024)),
    ]
)


def named_table(count):
    return pa.table(
        {
            "id": [f"r{i}" for i in range(count)],
            "body": ["b" if i % 3 else None for i in range(count)],
            "title": ["t"] * count,
            "attributes": ['{"when":"2026-11-22T18:30:00Z"}'] * count,
            "body_v": [[float(i), 1.0, 2.0] if i % 2 else None for i in range(count)],
            "title_v": [None if i % 2 else [float(i)] * 1024 for i in range(count)],
        },
        schema=NAMED,
    )


class RowsServer(flight.FlightServerBase):
    def __init__(self):
        super().__init__("grpc://127.0.0.1:0", middleware={"auth": CheckToken()})
        self.rows = table(0)
        self.batches = 0
        self.largest = 0
        self.metadata = []

    def get_flight_info(self, context, descriptor):
        if descriptor.path[:2] != [b"collection", b"docs"]:
            raise KeyError(f"no {descriptor.path}")
        self.at = [part.decode() for part in descriptor.path[2:]]
        endpoints = [flight.FlightEndpoint(str(part).encode(), []) for part in range(2)]
        return flight.FlightInfo(self.rows.schema, descriptor, endpoints, -1, -1)

    def do_get(self, context, ticket):
        half = self.rows.num_rows // 2
        part = self.rows.slice(0, half) if ticket.ticket == b"0" else self.rows.slice(half)
        return flight.RecordBatchStream(part)

    def do_put(self, context, descriptor, reader, writer):
        for chunk in reader:
            columns = chunk.data.schema
            if "vector" in columns.names and columns.field("vector").type.list_size != 2:
                raise pa.ArrowInvalid("vector must have 2 dimensions")
            self.largest = max(self.largest, chunk.data.nbytes)
            self.rows = pa.concat_tables([self.rows, pa.Table.from_batches([chunk.data])])
            self.batches += 1
            if chunk.app_metadata is not None:
                self.metadata.append(json.loads(chunk.app_metadata.to_pybytes()))
            answer = {"upserted": chunk.data.num_rows, "token": self.batches}
            if self.metadata:
                skipped = [chunk.data["id"][0].as_py()]
                answer.update(upserted=answer["upserted"] - 1, skipped=1, skipped_ids=skipped)
            writer.write(json.dumps(answer).encode())


class Fails(flight.ServerMiddleware):
    """Sends the kind of a failure as the server does."""

    def sending_headers(self):
        return {"quern-kind": "CONFLICT"}


class CheckToken(flight.ServerMiddlewareFactory):
    conflict = False

    def start_call(self, info, headers):
        if CheckToken.conflict:
            return Fails()
        if headers.get("authorization") != [f"Bearer {TOKEN}"]:
            raise flight.FlightUnauthenticatedError("token is not known")


@pytest.fixture
def rows_server(monkeypatch):
    server = RowsServer()
    monkeypatch.setenv("QUERN_FLIGHT_URL", f"grpc://127.0.0.1:{server.port}")
    yield server
    server.shutdown()


def collection(name="docs", token=TOKEN):
    return quern.Collection.from_name(name, client=quern.Client("http://127.0.0.1:1", token))


def test_rows_go_there_and_come_back(rows_server):
    rows = table(20_000)
    assert collection().upsert_arrow(rows) == 20_000
    assert rows_server.batches == 3
    assert collection().to_arrow() == rows
    assert rows_server.at == []
    assert collection().to_arrow(at="v1") == rows
    assert rows_server.at == ["at", "v1"]


def test_named_fields_go_there_and_come_back(rows_server):
    rows_server.rows = named_table(0)
    rows = named_table(5_000)
    assert rows.nbytes > 16 << 20
    assert collection().upsert_arrow(rows) == 5_000
    assert rows_server.batches == 2
    assert rows_server.largest < 15 << 20
    back = collection().to_arrow()
    assert back == rows
    assert back.schema == NAMED


def test_batches_and_empty_tables(rows_server):
    batches = table(10).to_batches()
    assert collection().upsert_arrow(batches[0]) == 10
    assert collection().upsert_arrow(iter(batches)) == 10
    assert collection().upsert_arrow(table(0)) == 0
    assert rows_server.rows.num_rows == 20


def test_a_mode_goes_with_the_first_batch(rows_server):
    written = collection().upsert_arrow(table(20_000), mode="insert", ttl=60)
    assert written == 19_997
    assert rows_server.metadata == [{"mode": "insert", "ttl": 60}]
    assert (written.token, written.skipped) == (3, 3)
    assert written.skipped_ids == ["r0", "r8192", "r16384"]


def test_without_a_mode_nothing_goes_along(rows_server):
    written = collection().upsert_arrow(table(3))
    assert (written, written.token, written.skipped) == (3, 1, 0)
    assert rows_server.metadata == []
    assert collection().upsert_arrow(table(0), mode="insert").skipped_ids == []


def test_the_server_names_the_exact_kind(rows_server, monkeypatch):
    monkeypatch.setattr(CheckToken, "conflict", True)
    wrong = pa.table({"id": ["a"], "vector": pa.array([[1.0]], pa.list_(pa.float32(), 1))})
    with pytest.raises(exception.ConflictError, match="2 dimensions"):
        collection().upsert_arrow(wrong)


def test_flight_errors_become_ours(rows_server):
    with pytest.raises(exception.AuthError):
        collection(token="wrong").to_arrow()
    with pytest.raises(exception.NotFoundError):
        collection("other").to_arrow()
    wrong = pa.table({"id": ["a"], "vector": pa.array([[1.0]], pa.list_(pa.float32(), 1))})
    with pytest.raises(exception.InvalidError, match="2 dimensions"):
        collection().upsert_arrow(wrong)
    rows_server.shutdown()
    with pytest.raises(exception.ConnectionError):
        collection().to_arrow()
