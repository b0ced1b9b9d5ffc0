"""Databases inside this process, searched by several threads: `PEER FILE DIMS QUERIES TRUTH INDEX THREADS SECONDS
CORES`. Builds in the folder INDEX, then prints, by search width, recall@10, searches a second and the 50th and 99th
percentile of a search. FILE holds float32 rows, the queries first; CORES is a comma-separated list of cores to stay
on, empty for all."""

import json
import os
import sys
import threading
import time

import numpy

K = 10


class LanceDb:
    """IVF_HNSW_SQ with its defaults; a width is the `ef` of the graphs, with a look at the floats of the best."""

    widths = (20, 50, 100, 200, 400)

    def __init__(self, base, path):
        import lancedb
        import pyarrow

        vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(base.reshape(-1)), base.shape[1])
        rows = pyarrow.table({"id": pyarrow.array(range(len(base))), "vector": vectors})
        self.table = lancedb.connect(path).create_table("rows", rows)
        self.table.create_index(metric="cosine", vector_column_name="vector", index_type="IVF_HNSW_SQ")

    def search(self, query, width):
        found = self.table.search(query).distance_type("cosine").ef(width).nprobes(20).refine_factor(2)
        return found.limit(K).select(["id", "_distance"]).to_arrow()["id"].to_pylist()


class Qdrant:
    """A shard of Qdrant Edge with its defaults (M 16, 100 candidates); a width is `hnsw_ef`."""

    widths = (16, 24, 32, 48, 64, 100, 200, 400)

    def __init__(self, base, path):
        import qdrant_edge

        self.edge = qdrant_edge
        os.makedirs(path)
        vectors = {"": qdrant_edge.EdgeVectorParams(base.shape[1], qdrant_edge.Distance.Cosine)}
        self.shard = qdrant_edge.EdgeShard.create(path, qdrant_edge.EdgeConfig(vectors))
        for start in range(0, len(base), 1000):
            points = [qdrant_edge.Point(start + i, row.tolist()) for i, row in enumerate(base[start : start + 1000])]
            self.shard.update(qdrant_edge.UpdateOperation.upsert_points(points))
        self.shard.optimize()
        self.shard.flush()

    def search(self, query, width):
        edge = self.edge
        request = edge.SearchRequest(edge.Query.Nearest(query), K, params=edge.SearchParams(hnsw_ef=width))
        return [point.id for point in self.shard.search(request)]


PEERS = {"lancedb": LanceDb, "qdrant-edge-py": Qdrant}


def load(peer, queries, width, threads, seconds):
    """The time of every search that began in so many seconds."""
    took = [[] for _ in range(threads)]
    end = time.perf_counter() + seconds

    def work(number):
        at = number
        start = time.perf_counter()
        while start < end:
            peer.search(queries[at % len(queries)], width)
            now = time.perf_counter()
            took[number].append(now - start)
            start = now
            at += threads

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(sum(took, [])), time.perf_counter() - start


def main(name, file, dims, count, truth, path, threads, seconds, cores):
    if cores:
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    rows = numpy.fromfile(file, dtype="<f4").reshape(-1, int(dims))
    queries = [query.tolist() for query in rows[: int(count)]]
    nearest = numpy.fromfile(truth, dtype="<i4").reshape(-1, K).tolist()
    peer = PEERS[name](rows[int(count) :], path)
    points = []
    for width in peer.widths:
        hits = sum(len(set(peer.search(q, width)) & set(best)) for q, best in zip(queries, nearest))
        load(peer, queries, width, int(threads), float(seconds) / 4)
        took, total = load(peer, queries, width, int(threads), float(seconds))
        points.append(
            {
                "recall": hits / (K * len(queries)),
                "qps": len(took) / total,
                "p50_ms": took[len(took) // 2] * 1e3,
                "p99_ms": took[int(len(took) * 0.99)] * 1e3,
            }
        )
        if points[-1]["recall"] >= 0.98:
            break
    print(json.dumps({"points": points}))


main(*sys.argv[1:])
