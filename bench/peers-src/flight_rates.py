"""Rates of pyarrow's Flight client against a Quern server, against pyarrow's own C++ server, and of a raw
loopback socket, in turn. The file's bytes are stored durably by Quern; the C++ server keeps them in memory.
Arguments: Quern's Flight URL, token, volume, MiB, rounds, rows, dims, HTTP URL."""

import json
import multiprocessing
import os
import socket
import statistics
import sys
import time

import numpy
import pyarrow as pa
import pyarrow.flight as flight

BATCH = 2 << 20


class Server(flight.FlightServerBase):
    """Keeps the last table that was put."""

    def __init__(self, location):
        super().__init__(location)
        self.tables = {}

    def do_put(self, context, descriptor, reader, writer):
        self.tables[descriptor.path[0]] = [chunk.data for chunk in reader]

    def do_get(self, context, ticket):
        batches = self.tables[ticket.ticket]
        return flight.GeneratorStream(batches[0].schema, iter(batches))


def serve(pipe):
    server = Server("grpc+tcp://127.0.0.1:0")
    pipe.send(server.port)
    server.serve()


def batches_of(data):
    schema = pa.schema([("offset", pa.int64()), ("data", pa.binary())])
    view = memoryview(data)
    for offset in range(0, len(data), BATCH):
        yield pa.record_batch([[offset], [view[offset : offset + BATCH]]], schema=schema)


def put(client, options, descriptor, batches):
    started = time.perf_counter()
    writer, reader = client.do_put(descriptor, batches[0].schema, options)
    for batch in batches:
        writer.write_batch(batch)
    writer.done_writing()
    while reader.read() is not None:
        pass
    writer.close()
    return time.perf_counter() - started


def get(client, options, tickets):
    started = time.perf_counter()
    size = 0
    for ticket in tickets:
        for chunk in client.do_get(ticket, options):
            size += chunk.data.nbytes
    return size, time.perf_counter() - started


def raw(size):
    listener = socket.create_server(("127.0.0.1", 0))

    def send():
        connection, _ = listener.accept()
        block = b"x" * (1 << 20)
        for _ in range(size >> 20):
            connection.sendall(block)
        connection.close()

    sender = multiprocessing.get_context("fork").Process(target=send)
    sender.start()
    connection = socket.create_connection(listener.getsockname())
    buffer = bytearray(1 << 20)
    started = time.perf_counter()
    received = 0
    while n := connection.recv_into(buffer):
        received += n
    seconds = time.perf_counter() - started
    sender.join()
    return received / seconds / 1e9


def main():
    url, token, volume, mebibytes, rounds, rows, dims = sys.argv[1:8]
    mebibytes, rounds, rows, dims = int(mebibytes), int(rounds), int(rows), int(dims)
    context = multiprocessing.get_context("spawn")
    ours_pipe, theirs_pipe = context.Pipe()
    process = context.Process(target=serve, args=(theirs_pipe,), daemon=True)
    process.start()
    peer = flight.FlightClient(f"grpc+tcp://127.0.0.1:{ours_pipe.recv()}")
    quern = flight.FlightClient(url.replace("grpc://", "grpc+tcp://"))
    options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])
    data = os.urandom(mebibytes << 20)
    files = list(batches_of(data))
    vectors = numpy.random.default_rng(1).standard_normal(rows * dims, dtype=numpy.float32)
    table = pa.table(
        {
            "id": [f"r{i}" for i in range(rows)],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors), dims),
        }
    )
    row_batches = table.to_batches(max_chunksize=4096)
    collection = flight.FlightDescriptor.for_path("collection", "flight-bench")
    put(quern, options, collection, row_batches)
    put(peer, None, flight.FlightDescriptor.for_path("rows"), row_batches)
    rates = {name: [] for name in ("put", "peer_put", "get", "peer_get", "rows", "peer_rows", "raw")}
    for i in range(-1, rounds):
        path = flight.FlightDescriptor.for_path("volume", volume, f"f{i + 1}")
        fresh = list(batches_of(os.urandom(mebibytes << 20)))
        measured = {"put": len(data) / put(quern, options, path, fresh) / 1e9}
        measured["peer_put"] = len(data) / put(peer, None, flight.FlightDescriptor.for_path("file"), fresh) / 1e9
        commit(path)
        tickets = [endpoint.ticket for endpoint in quern.get_flight_info(path, options).endpoints]
        size, seconds = get(quern, options, tickets)
        measured["get"] = size / seconds / 1e9
        size, seconds = get(peer, None, [flight.Ticket(b"file")])
        measured["peer_get"] = size / seconds / 1e9
        tickets = [endpoint.ticket for endpoint in quern.get_flight_info(collection, options).endpoints]
        size, seconds = get(quern, options, tickets)
        measured["rows"] = size / seconds / 1e9
        size, seconds = get(peer, None, [flight.Ticket(b"rows")])
        measured["peer_rows"] = size / seconds / 1e9
        measured["raw"] = raw(len(data))
        if i >= 0:
            for name, value in measured.items():
                rates[name].append(value)
    print(json.dumps({name: statistics.median(values) for name, values in rates.items()}))


def commit(path):
    import urllib.request

    request = urllib.request.Request(
        sys.argv[8] + f"/v1/volumes/{path.path[1].decode()}/commit",
        data=b"{}",
        headers={"Authorization": "Bearer " + sys.argv[2], "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).read()


if __name__ == "__main__":
    main()
