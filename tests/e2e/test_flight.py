"""pyarrow's Flight client against the server."""

import json

import httpx
import numpy
import pyarrow as pa
import pyarrow.flight as flight
import pytest


def connect(server, token=None):
    client = flight.FlightClient(server.flight_url.replace("grpc://", "grpc+tcp://"))
    options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token or server.token}".encode())], timeout=60)
    return client, options


@pytest.fixture(scope="module")
def rest(server):
    return httpx.Client(base_url=server.url, headers=server.headers, timeout=60)


def read(client, options, info):
    return pa.concat_tables(client.do_get(endpoint.ticket, options).read_all() for endpoint in info.endpoints)


def test_file_round_trip(server, rest):
    client, options = connect(server)
    rest.post("/v1/volumes", json={"name": "flight-files"}).raise_for_status()
    data = numpy.random.default_rng(7).bytes(20_000_001)
    schema = pa.schema([("offset", pa.int64()), ("data", pa.binary())])
    descriptor = flight.FlightDescriptor.for_path("volume", "flight-files", "w/big.bin")
    writer, reader = client.do_put(descriptor, schema, options)
    step = 1 << 20
    for offset in range(0, len(data), step):
        batch = pa.record_batch([[offset], [data[offset : offset + step]]], schema=schema)
        if offset == 0:
            writer.write_with_metadata(batch, json.dumps({"commit": True}).encode())
        else:
            writer.write_batch(batch)
    writer.done_writing()
    staged = json.loads(reader.read().to_pybytes())
    writer.close()
    assert staged["size_bytes"] == len(data)
    assert rest.get("/v1/volumes/flight-files/files/w/big.bin").content == data
    info = client.get_flight_info(descriptor, options)
    assert info.total_bytes == len(data)
    table = read(client, options, info)
    assert table.schema.names == ["offset", "data"]
    assert b"".join(table["data"].to_pylist()) == data
    assert table["offset"][0].as_py() == 0


def test_rows_round_trip(server, rest):
    client, options = connect(server)
    dims, count = 16, 5000
    rest.post("/v1/collections", json={"name": "flight-rows", "dims": dims, "metric": "l2"}).raise_for_status()
    vectors = numpy.random.default_rng(1).standard_normal((count, dims), dtype=numpy.float32)
    table = pa.table(
        {
            "id": [f"r{i:05}" for i in range(count)],
            "text": [f"text {i}" for i in range(count)],
            "attributes": [json.dumps({"n": i, "even": i % 2 == 0}) for i in range(count)],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dims),
        }
    )
    descriptor = flight.FlightDescriptor.for_path("collection", "flight-rows")
    writer, reader = client.do_put(descriptor, table.schema, options)
    for batch in table.to_batches(max_chunksize=1000):
        writer.write_batch(batch)
    writer.done_writing()
    acknowledged = 0
    while (message := reader.read()) is not None:
        acknowledged += json.loads(message.to_pybytes())["upserted"]
    writer.close()
    assert acknowledged == count
    back = read(client, options, client.get_flight_info(descriptor, options)).sort_by("id")
    assert back.num_rows == count
    assert numpy.array_equal(back["vector"].combine_chunks().flatten().to_numpy().reshape(count, dims), vectors)
    assert json.loads(back["attributes"][3].as_py()) == {"n": 3, "even": False}
    hits = rest.post("/v1/collections/flight-rows/search", json={"vector": vectors[7].tolist(), "limit": 1}).json()["hits"]
    assert hits[0]["id"] == "r00007"


def test_lists_flights_by_prefix(server, rest):
    client, options = connect(server)
    rest.post("/v1/volumes", json={"name": "flight-list"}).raise_for_status()
    rest.put("/v1/volumes/flight-list/files/a.txt", params={"commit": "true"}, content=b"a").raise_for_status()
    paths = [tuple(part.decode() for part in info.descriptor.path) for info in client.list_flights(b"volume/flight-list/", options)]
    assert paths and all(path[:2] == ("volume", "flight-list") and path[-1] == "a.txt" for path in paths)


def test_a_pinned_ticket_reads_the_old_commit(server, rest):
    client, options = connect(server)
    rest.post("/v1/volumes", json={"name": "flight-pin"}).raise_for_status()
    rest.put("/v1/volumes/flight-pin/files/a.txt", params={"commit": "true"}, content=b"old").raise_for_status()
    info = client.get_flight_info(flight.FlightDescriptor.for_path("volume", "flight-pin", "a.txt"), options)
    rest.put("/v1/volumes/flight-pin/files/a.txt", params={"commit": "true"}, content=b"new").raise_for_status()
    assert b"".join(read(client, options, info)["data"].to_pylist()) == b"old"


def test_refuses_missing_tokens_and_tampered_tickets(server, rest):
    client, options = connect(server)
    with pytest.raises(flight.FlightUnauthenticatedError):
        list(client.list_flights())
    with pytest.raises(flight.FlightUnauthenticatedError):
        list(client.list_flights(b"", connect(server, "wrong")[1]))
    rest.post("/v1/volumes", json={"name": "flight-tamper"}).raise_for_status()
    rest.put("/v1/volumes/flight-tamper/files/a.txt", params={"commit": "true"}, content=b"abc").raise_for_status()
    info = client.get_flight_info(flight.FlightDescriptor.for_path("volume", "flight-tamper", "a.txt"), options)
    ticket = bytearray(info.endpoints[0].ticket.ticket)
    for position in range(0, len(ticket), 7):
        changed = bytearray(ticket)
        changed[position] ^= 1
        with pytest.raises((flight.FlightUnauthenticatedError, pa.ArrowInvalid)):
            client.do_get(flight.Ticket(bytes(changed)), options).read_all()
    with pytest.raises((flight.FlightUnauthenticatedError, pa.ArrowInvalid)):
        client.do_get(flight.Ticket(b""), options).read_all()


def test_wrong_rows_name_what_is_wrong(server, rest):
    client, options = connect(server)
    rest.post("/v1/collections", json={"name": "flight-bad", "dims": 4}).raise_for_status()
    descriptor = flight.FlightDescriptor.for_path("collection", "flight-bad")

    def put(table):
        writer, reader = client.do_put(descriptor, table.schema, options)
        writer.write_table(table)
        writer.done_writing()
        while reader.read() is not None:
            pass
        writer.close()

    wrong_dims = pa.table({"id": ["a"], "vector": pa.FixedSizeListArray.from_arrays(pa.array([1.0] * 3, pa.float32()), 3)})
    with pytest.raises(pa.ArrowInvalid, match=r"3.*4|4.*3"):
        put(wrong_dims)
    with pytest.raises(pa.ArrowInvalid, match="vector"):
        put(pa.table({"id": ["a"], "vektor": [1.0]}))
    nan = pa.table({"id": ["a"], "vector": pa.FixedSizeListArray.from_arrays(pa.array([float("nan")] * 4, pa.float32()), 4)})
    with pytest.raises(pa.ArrowInvalid, match="finite|NaN"):
        put(nan)
    with pytest.raises((pa.ArrowKeyError, flight.FlightServerError), match="no-such"):
        client.get_flight_info(flight.FlightDescriptor.for_path("collection", "no-such"), options)
