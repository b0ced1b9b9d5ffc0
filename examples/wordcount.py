"""Counts words of files in a volume, next to the bytes.

Run it against a server:  quern run examples/wordcount.py --volume docs
"""

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
def main():
    paths = [entry.path for entry in docs.listdir("/", recursive=True) if entry.type == "file"]
    total = 0
    for result in count.map(paths):
        total += result["words"]
        print(f"{result['words']:7} {result['path']}  {' '.join(result['top'])}")
    print(f"{total:7} in {len(paths)} files")
