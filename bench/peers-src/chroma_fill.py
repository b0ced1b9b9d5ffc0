"""Adds float32 rows to a Chroma server: `PORT FILE DIMS QUERIES`; FILE holds the queries first, and row `n` of
the others gets the id `n`. Prints the id of the collection."""

import json
import sys

import chromadb
import numpy

BATCH = 1000

port, file, dims, queries = sys.argv[1:5]
base = numpy.fromfile(file, dtype="<f4").reshape(-1, int(dims))[int(queries) :]
client = chromadb.HttpClient(host="127.0.0.1", port=int(port))
collection = client.create_collection("one-liners", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)
for start in range(0, len(base), BATCH):
    rows = base[start : start + BATCH]
    collection.add(ids=[str(start + i) for i in range(len(rows))], embeddings=rows)
print(json.dumps({"collection": str(collection.id)}))
