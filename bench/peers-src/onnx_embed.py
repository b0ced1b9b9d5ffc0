"""onnxruntime from Python on the same model and texts, in its best layout here: one session with one thread
inside, one caller thread a core, texts sorted by length, 512 tokens a batch.
Arguments: model folder, file of texts (one a line), threads."""

import json
import pathlib
import queue
import sys
import threading
import time

import numpy
import onnxruntime
from tokenizers import Tokenizer

folder, texts_file, threads = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(256)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
texts = pathlib.Path(texts_file).read_text(encoding="utf-8").splitlines()


def embed(all_texts):
    encoded = sorted((e.ids for e in tokenizer.encode_batch(all_texts)), key=len)
    batches, batch = queue.SimpleQueue(), []
    for ids in encoded:
        if batch and len(ids) * (len(batch) + 1) > 512:
            batches.put(batch)
            batch = []
        batch.append(ids)
    batches.put(batch)

    def work():
        while True:
            try:
                rows = batches.get_nowait()
            except queue.Empty:
                return
            width = max(map(len, rows))
            ids = numpy.zeros((len(rows), width), dtype=numpy.int64)
            mask = numpy.zeros_like(ids)
            for i, row in enumerate(rows):
                ids[i, : len(row)] = row
                mask[i, : len(row)] = 1
            feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
            hidden = session.run(None, feeds)[0]
            pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
            pooled /= numpy.linalg.norm(pooled, axis=1, keepdims=True)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(map(len, encoded))


embed(texts[: max(64, len(texts) // 10)])
start = time.perf_counter()
tokens = embed(texts)
seconds = time.perf_counter() - start
print(json.dumps({"tokens_per_s": tokens / seconds, "texts_per_s": len(texts) / seconds, "tokens": tokens}))
