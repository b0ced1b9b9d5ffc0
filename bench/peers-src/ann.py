"""Libraries of approximate nearest neighbours on the same vectors, by inner product; those have length 1.
Arguments: `truth FILE DIMS QUERIES TARGET` writes the ten nearest of each query, by comparing all;
`build PEER FILE DIMS QUERIES INDEX TRUTH` prints the seconds that two threads take;
`search PEER FILE DIMS QUERIES INDEX TRUTH` prints recall@10 and queries a second of one thread by search width,
all queries in one call, which spares the library Python's share. FILE holds float32 rows, the queries first."""

import json
import os
import sys
import time

BUILDING = sys.argv[1] == "build"
os.environ["OMP_NUM_THREADS"] = "2" if BUILDING else "1"

import numpy  # noqa: E402

K = 10
WIDTHS = (10, 16, 24, 32, 48, 64, 80, 100, 140, 200, 300, 450)


class Hnswlib:
    def build(self, base, path):
        import hnswlib

        index = hnswlib.Index("ip", base.shape[1])
        index.init_index(len(base), ef_construction=200, M=16, random_seed=1)
        index.add_items(base, num_threads=2)
        yield
        index.save_index(path)

    def open(self, dims, path):
        import hnswlib

        self.index = hnswlib.Index("ip", dims)
        self.index.load_index(path)
        self.index.set_num_threads(1)

    def search(self, queries, width):
        self.index.set_ef(width)
        return self.index.knn_query(queries, K, num_threads=1)[0]


class Faiss:
    """Inverted lists, products of 4 bits, and a pass over the floats of the best."""

    def build(self, base, path):
        import faiss

        lists = max(16, int(len(base) ** 0.5 * 1.6))
        factory = f"IVF{lists},PQ{base.shape[1] // 4}x4fs,RFlat"
        index = faiss.index_factory(base.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        index.train(base)
        index.add(base)
        yield
        faiss.write_index(index, path)

    def open(self, dims, path):
        import faiss

        self.index = faiss.read_index(path)
        faiss.omp_set_num_threads(1)

    def search(self, queries, width):
        import faiss

        faiss.extract_index_ivf(self.index).nprobe = max(1, width // 4)
        self.index.k_factor = 20
        return self.index.search(queries, K)[1]


class Usearch:
    def build(self, base, path):
        from usearch.index import Index

        index = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=200)
        index.add(numpy.arange(len(base)), base, threads=2)
        yield
        index.save(path)

    def open(self, dims, path):
        from usearch.index import Index

        self.index = Index(ndim=dims, metric="ip", dtype="f32", connectivity=16, expansion_add=200)
        self.index.load(path)

    def search(self, queries, width):
        self.index.expansion_search = width
        return self.index.search(queries, K, threads=1).keys


class Rabitqlib:
    """SymphonyQG by its authors; lengths are 1, so that its order by distance is that by product."""

    def build(self, base, path):
        from rabitqlib import SymqgIndex

        index = SymqgIndex(base.shape[1], 32)
        index.build(base, 200, num_threads=2)
        yield
        index.save(path)

    def open(self, dims, path):
        from rabitqlib import SymqgIndex

        self.index = SymqgIndex.load(path)

    def search(self, queries, width):
        found = self.index.search(queries, K, width, num_threads=1)
        return next(part for part in found if numpy.issubdtype(part.dtype, numpy.integer))


PEERS = {"hnswlib": Hnswlib, "faiss-cpu": Faiss, "usearch": Usearch, "rabitqlib": Rabitqlib}


def load(file, dims, queries):
    rows = numpy.fromfile(file, dtype="<f4").reshape(-1, int(dims))
    return rows[: int(queries)], rows[int(queries) :]


def truth(file, dims, count, target):
    queries, base = load(file, dims, count)
    # A few queries at a time, for a million rows.
    parts = [numpy.argpartition(-(part @ base.T), K, axis=1)[:, :K] for part in numpy.array_split(queries, 50)]
    nearest = numpy.concatenate(parts)
    nearest.astype("<i4").tofile(target)
    return {}


def build(peer, file, dims, count, path, _):
    base = load(file, dims, count)[1]
    start = time.perf_counter()
    work = PEERS[peer]().build(base, path)
    next(work)
    seconds = time.perf_counter() - start
    next(work, None)
    return {"seconds": seconds}


def search(peer, file, dims, count, path, truth_file):
    queries = load(file, dims, count)[0]
    nearest = numpy.fromfile(truth_file, dtype="<i4").reshape(-1, K)
    index = PEERS[peer]()
    index.open(int(dims), path)
    points = []
    for width in WIDTHS:
        index.search(queries, width)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            found = index.search(queries, width)
            seconds.append(time.perf_counter() - start)
        hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), nearest.tolist()))
        points.append({"recall": hits / nearest.size, "qps": len(queries) / sorted(seconds)[1]})
    return {"points": points}


print(json.dumps({"truth": truth, "build": build, "search": search}[sys.argv[1]](*sys.argv[2:])))
