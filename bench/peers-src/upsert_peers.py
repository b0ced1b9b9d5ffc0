"""Upserts into databases inside this process, one batch after the other, each with a commit of its own: `PEER FOLDER
DIMS ROWS BATCHES`. Prints rows a second and the 50th and 99th percentile of a batch. LanceDB's commit calls no fsync, so
that a power failure may take it."""

import json
import os
import sys
import time

import numpy


class LanceDb:
    """A `merge_insert` a batch, each of which is a new version of the table."""

    def __init__(self, path, dims):
        import lancedb
        import pyarrow

        self.arrow = pyarrow
        self.schema = pyarrow.schema(
            [
                ("id", pyarrow.string()),
                ("text", pyarrow.string()),
                ("n", pyarrow.int64()),
                ("vector", pyarrow.list_(pyarrow.float32(), dims)),
            ]
        )
        self.table = lancedb.connect(path).create_table("rows", schema=self.schema)

    def batch(self, first, vectors):
        numbers = range(first, first + len(vectors))
        columns = [
            self.arrow.array([f"r{n}" for n in numbers]),
            self.arrow.array([f"row number {n}" for n in numbers]),
            self.arrow.array(numbers, self.arrow.int64()),
            self.arrow.FixedSizeListArray.from_arrays(self.arrow.array(vectors.reshape(-1)), vectors.shape[1]),
        ]
        return self.arrow.table(columns, schema=self.schema)

    def write(self, batch):
        self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(batch)


class Qdrant:
    """An upsert and a flush a batch."""

    def __init__(self, path, dims):
        import qdrant_edge

        self.edge = qdrant_edge
        os.makedirs(path)
        vectors = {"": qdrant_edge.EdgeVectorParams(dims, qdrant_edge.Distance.Cosine)}
        self.shard = qdrant_edge.EdgeShard.create(path, qdrant_edge.EdgeConfig(vectors))

    def batch(self, first, vectors):
        return [
            self.edge.Point(first + i, row.tolist(), {"text": f"row number {first + i}", "n": first + i})
            for i, row in enumerate(vectors)
        ]

    def write(self, batch):
        self.shard.update(self.edge.UpdateOperation.upsert_points(batch))
        self.shard.flush()


PEERS = {"lancedb": LanceDb, "qdrant-edge-py": Qdrant}


def main(name, path, dims, rows, batches):
    random = numpy.random.default_rng(1)
    peer = PEERS[name](path, int(dims))
    work = []
    for number in range(int(batches)):
        vectors = random.standard_normal((int(rows), int(dims)), dtype=numpy.float32)
        work.append(peer.batch(number * int(rows), vectors))
    took = []
    start = time.perf_counter()
    for batch in work:
        before = time.perf_counter()
        peer.write(batch)
        took.append(time.perf_counter() - before)
    total = time.perf_counter() - start
    took.sort()
    answer = {"rows_per_s": int(rows) * len(work) / total, "p50_ms": took[len(took) // 2] * 1e3}
    answer["p99_ms"] = took[min(len(took) - 1, int(len(took) * 0.99))] * 1e3
    print(json.dumps(answer))


main(*sys.argv[1:])
