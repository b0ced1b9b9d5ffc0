"""Counts words of the files of a volume, next to the bytes: quern run examples/wordcount.py"""

import collections
import pathlib
import re

import quern

app = quern.App("wordcount")
docs = quern.Volume.from_name("docs", create_if_missing=True)


@app.function(volumes={"/data": docs}, timeout=60, memory=256)
def count(path: str) -> dict:
    """The number of words of one file, and its three most frequent long ones."""
    text = pathlib.Path("/data", path).read_text(errors="replace")
    words = re.findall(r"[a-z]{6,}", text.lower())
    top = [word for word, _ in collections.Counter(words).most_common(3)]
    return {"path": path, "words": len(text.split()), "top": top}


@app.local_entrypoint()
def main(limit: int = 1000):
    files = [entry.path for entry in docs.iterdir("/") if entry.type == quern.FileEntryType.FILE]
    total = 0
    for result in count.map(files[:limit]):
        total += result["words"]
        print(f"{result['words']:7} {result['path']}  {' '.join(result['top'])}")
    print(f"{total:7} in {len(files)} files")
