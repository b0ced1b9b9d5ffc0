"""A small server that keeps the REST contract in memory, so that the SDK can be tested alone.

Functions run for real: the shipped zip is unpacked and its entry runs in a python3 of its own, as
on a server; or, for speed, a plain callable registered in ``callables`` stands for the function.
"""

import base64
import fnmatch
import hashlib
import io
import json
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "secret-token"
RUNNER = pathlib.Path(__file__).with_name("fake_runner.py")
SDK = pathlib.Path(__file__).parents[1] / "src"
RECEIPT = {
    "queue_ms": 1.0,
    "cold_ms": 2.0,
    "run_ms": 3.0,
    "cpu_ms": 4.0,
    "peak_memory_bytes": 1 << 20,
    "input_bytes": 10,
    "output_bytes": 20,
    "cold_start": True,
    "attempt": 1,
    "instance": "i1",
    "sandbox": "none",
    "placement": "only instance",
}


class Refusal(Exception):
    def __init__(self, status, code, message, details=None, headers=None):
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": details or {}}
        self.headers = headers or {}


def not_found(what):
    return Refusal(404, "NOT_FOUND", f"no {what}")


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.RLock()
        self.volumes = {}
        self.staged = {}
        self.collections = {}
        self.snapshots = {}
        self.history = 3_600
        self.aliases = {}
        self.functions = {}
        self.artifacts = {}
        self.calls = {}
        self.callables = {}
        self.outputs = {}
        self.requests = []
        self.faults = []
        self.connections = 0
        self.cut_download_after = None
        self.sync_events = []
        self.storage = {}
        self.widths = {}
        self.last_tune = None
        self.folder = tempfile.TemporaryDirectory()
        self.pool = ThreadPoolExecutor(64)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fail_next(self, pattern, *refusals):
        """The next requests whose "METHOD path" matches are answered so."""
        self.faults += [(pattern, refusal) for refusal in refusals]

    def sent(self, pattern):
        return [line for line in self.requests if fnmatch.fnmatch(line, pattern)]

    def close(self):
        self.shutdown()
        self.server_close()
        self.pool.shutdown(wait=False)
        self.folder.cleanup()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    # volumes -------------------------------------------------------------------------------------

    def volume(self, name):
        if name not in self.volumes:
            raise not_found(f"volume {name}")
        return self.volumes[name]

    def commit(self, volume, session, message="", expected=None):
        history = self.volume(volume)
        if expected is not None and expected != history[-1]["id"]:
            raise Refusal(409, "CONFLICT", f"head of {volume} is not {expected}")
        files = dict(history[-1]["files"])
        for path, data in self.staged.pop((volume, session), {}).items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = data
        return self.add_commit(volume, files, message)

    def add_commit(self, volume, files, message):
        history = self.volumes.setdefault(volume, [])
        parent = history[-1]["id"] if history else None
        seed = f"{volume}{len(history)}{message}".encode()
        history.append(
            {
                "id": hashlib.sha256(seed).hexdigest(),
                "parent": parent,
                "files": files,
                "message": message,
            }
        )
        return history[-1]

    def at(self, volume, commit):
        for entry in self.volume(volume):
            if entry["id"] == commit:
                return entry
        if commit not in (None, "", "main"):
            raise not_found(f"commit {commit}")
        return self.volume(volume)[-1]

    # functions -----------------------------------------------------------------------------------

    def start_call(self, name, content_type, body, index=None):
        if name not in self.functions and name not in self.callables:
            raise not_found(f"function {name}")
        with self.lock:
            call = {
                "id": f"call-{len(self.calls)}",
                "function": name,
                "version": 1,
                "status": "queued",
                "created_at": "2026-01-01T00:00:00Z",
                "index": index,
            }
            self.calls[call["id"]] = (call, threading.Event())
        return call["id"], (name, content_type, body)

    def finish_call(self, call_id, work):
        call, done = self.calls[call_id]
        call["status"] = "running"
        result = self.execute(*work)
        call.update(result, receipt=RECEIPT)
        done.set()
        return call

    def execute(self, name, content_type, body):
        if name in self.callables:
            return self.callables[name](content_type, body)
        spec = self.functions[name]
        folder = pathlib.Path(self.folder.name, spec["artifact"])
        with self.lock:
            if not folder.exists():
                zipfile.ZipFile(io.BytesIO(self.artifacts[spec["artifact"]])).extractall(folder)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(RUNNER), str(folder), str(SDK), spec["entry"]],
            input=body,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        result = json.loads(done.stdout)
        output = result.get("output")
        if output is not None:
            output = {"content_type": output[0], "base64": output[1], "size_bytes": 0}
        return {**result, "output": output}


def json_output(value):
    """What a callable that stands for a function returns."""
    return {
        "status": "succeeded",
        "output": {"content_type": "application/json", "json": value, "size_bytes": 1},
    }


def pickle_output(data):
    encoded = base64.b64encode(data).decode()
    return {
        "status": "succeeded",
        "output": {
            "content_type": "application/x-python-pickle",
            "base64": encoded,
            "size_bytes": len(data),
        },
    }


def failure(reason, kind="", message="", traceback="", pickle=None, status="failed"):
    return {
        "status": status,
        "error": {
            "reason": reason,
            "type": kind,
            "message": message,
            "traceback": traceback,
            "pickle": pickle,
        },
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_any(self):
        parts = urlsplit(self.path)
        self.query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        line = f"{self.command} {parts.path}"
        self.server.requests.append(line)
        try:
            for fault in self.server.faults:
                if fnmatch.fnmatch(line, fault[0]):
                    self.server.faults.remove(fault)
                    if fault[1] == "break":
                        self.connection.shutdown(socket.SHUT_RDWR)
                        self.close_connection = True
                        return
                    self.drain()
                    raise fault[1]
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                raise Refusal(401, "DENIED", "token is not known")
            self.route([unquote(part) for part in parts.path.strip("/").split("/")])
        except Refusal as e:
            self.answer(e.status, e.body, e.headers)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = handle_any

    def drain(self):
        return self.body()

    def body(self):
        if self.headers.get("transfer-encoding") == "chunked":
            out = b""
            while True:
                size = int(self.rfile.readline(), 16)
                out += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return out
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def json_body(self):
        return json.loads(self.body() or b"{}")

    def answer(self, status, value=None, headers=None, content=None, kind="application/json"):
        data = (
            content if content is not None else b"" if value is None else json.dumps(value).encode()
        )
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.send_header("x-request-id", self.headers.get("x-request-id", "none"))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def start_lines(self):
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def route(self, path):
        kind = path[1] if len(path) > 1 else ""
        handler = getattr(self, f"on_{kind}", None)
        if path[0] != "v1" or handler is None:
            raise not_found("/".join(path))
        handler(path[2:])

    # volumes -------------------------------------------------------------------------------------

    def on_volumes(self, rest):
        server = self.server
        if not rest:
            if self.command == "GET":
                return self.answer(
                    200, {"volumes": [self.volume_body(n) for n in sorted(server.volumes)]}
                )
            wanted = self.json_body()
            existed = wanted["name"] in server.volumes
            if existed and not wanted.get("if_not_exists"):
                raise Refusal(409, "CONFLICT", f"volume {wanted['name']} exists")
            if not existed:
                server.add_commit(wanted["name"], {}, "")
            return self.answer(200 if existed else 201, self.volume_body(wanted["name"]))
        name = rest[0]
        server.volume(name)
        if len(rest) == 1:
            if self.command == "DELETE":
                del server.volumes[name]
                return self.answer(204)
            return self.answer(200, self.volume_body(name))
        if rest[1] == "files":
            return self.on_file(name, "/".join(rest[2:]))
        with server.lock:
            return getattr(self, f"on_volume_{rest[1]}")(name)

    def volume_body(self, name):
        head = self.server.volume(name)[-1]["id"]
        return {
            "name": name,
            "id": f"id-{name}",
            "created_at": "2026-01-01T00:00:00Z",
            "head": head,
        }

    def commit_body(self, commit):
        sizes = [len(data) for data in commit["files"].values()]
        return {
            "id": commit["id"],
            "parent": commit["parent"],
            "message": commit["message"],
            "created_at": "2026-01-01T00:00:00Z",
            "files": len(sizes),
            "size_bytes": sum(sizes),
        }

    def on_file(self, volume, path):
        server, session = self.server, self.query.get("session", "default")
        commit_now = self.query.get("commit") == "true"
        if self.command == "PUT":
            data = self.body()
            with server.lock:
                server.staged.setdefault((volume, session), {})[path] = data
                done = self.commit_body(server.commit(volume, session)) if commit_now else None
            return self.answer(
                200,
                {
                    "path": path,
                    "size_bytes": len(data),
                    "hash": "h",
                    "new_bytes": len(data),
                    "commit": done,
                },
            )
        if self.command == "DELETE":
            with server.lock:
                names = [
                    name
                    for name in server.volume(volume)[-1]["files"]
                    if name == path or name.startswith(path + "/")
                ]
                if not names:
                    raise not_found(f"file {path}")
                server.staged.setdefault((volume, session), {}).update(dict.fromkeys(names))
                done = self.commit_body(server.commit(volume, session)) if commit_now else None
            return self.answer(200, {"removed": len(names), "commit": done})
        commit = server.at(volume, self.query.get("at"))
        if path not in commit["files"]:
            raise not_found(f"file {path} in {volume}")
        self.send_file(commit, commit["files"][path])

    def send_file(self, commit, data):
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        start = int(wanted.group(1)) if wanted else 0
        part = data[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("content-length", str(len(part)))
        self.send_header("x-quern-commit", commit["id"])
        self.end_headers()
        if self.command == "HEAD":
            return
        cut, self.server.cut_download_after = self.server.cut_download_after, None
        self.wfile.write(part[:cut])
        if cut is not None:
            self.wfile.flush()
            # A reset, not an end, once the client has had time to read what came.
            linger = struct.pack("ii", 1, 0)
            threading.Event().wait(0.2)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

    def on_volume_list(self, name):
        commit = self.server.at(name, self.query.get("at"))
        base = self.query.get("path", "")
        prefix = f"{base}/" if base else ""
        entries = {}
        for path, data in commit["files"].items():
            if not path.startswith(prefix):
                continue
            parts = path[len(prefix) :].split("/")
            for depth in range(1, len(parts)):
                folder = prefix + "/".join(parts[:depth])
                entries[folder] = {
                    "path": folder,
                    "type": "directory",
                    "size_bytes": 0,
                    "hash": "d",
                }
            entries[path] = {
                "path": path,
                "type": "file",
                "size_bytes": len(data),
                "hash": "h",
                "modified_at": "2026-01-02T03:04:05.678Z",
            }
        if base and not entries:
            raise not_found(f"directory {base}")
        recursive = self.query.get("recursive") == "true"
        entries = {
            p: e
            for p, e in entries.items()
            if (e["type"] == "file" if recursive else "/" not in p[len(prefix) :])
        }
        limit, after = int(self.query["limit"]), self.query.get("after", "")
        names = [path for path in sorted(entries) if path > after]
        last = names[limit - 1] if len(names) > limit else None
        self.answer(
            200,
            {"commit": commit["id"], "entries": [entries[n] for n in names[:limit]], "next": last},
        )

    def on_volume_staged(self, name):
        self.server.staged.pop((name, self.query.get("session")), None)
        self.answer(204)

    def on_volume_commit(self, name):
        wanted = self.json_body()
        commit = self.server.commit(
            name, wanted.get("session"), wanted.get("message", ""), wanted.get("expected_head")
        )
        self.answer(200, self.commit_body(commit))

    def on_volume_commits(self, name):
        newest_first = self.server.volume(name)[::-1][: int(self.query["limit"])]
        self.answer(200, {"commits": [self.commit_body(commit) for commit in newest_first]})

    # collections, models -------------------------------------------------------------------------

    def on_collections(self, rest):
        server = self.server
        if not rest:
            if self.command == "GET":
                return self.answer(
                    200,
                    {"collections": [self.collection_body(n) for n in sorted(server.collections)]},
                )
            wanted = self.json_body()
            rows = server.collections.get(wanted["name"], (None, {}))[1]
            server.collections[wanted["name"]] = (wanted, rows)
            return self.answer(201, self.collection_body(wanted["name"]))
        name = rest[0]
        if name not in server.collections:
            raise not_found(f"collection {name}")
        if len(rest) == 1:
            if self.command == "DELETE":
                del server.collections[name]
                return self.answer(204)
            if self.command == "PATCH":
                schema = server.collections[name][0].setdefault("schema", {})
                schema.update(self.json_body())
            return self.answer(200, self.collection_body(name))
        if rest[1] in ("snapshots", "branch", "rollback", "rename", "history"):
            return self.on_versions(name, rest[1:])
        if rest[1] == "tune":
            return self.on_tune(rest[2:])
        rows = server.collections[name][1]
        if rest[1] == "rows" and len(rest) == 3:
            if rest[2] not in rows:
                raise not_found(f"row {rest[2]}")
            return self.answer(200, rows[rest[2]])
        return getattr(self, f"on_rows_{rest[1]}")(rows)

    def on_tune(self, rest):
        widths = self.server.widths
        if rest:
            self.json_body()
            return self.answer(200, {"cancelled": False})
        if self.command == "POST":
            self.server.last_tune = self.json_body()
            return self.answer(200, {"fields": {"vector": {"outcome": "exact", "steps": []}}})
        if self.command == "PUT":
            wanted = self.json_body()
            widths[wanted.get("field", "vector")] = {"width": wanted["width"]}
        if self.command == "DELETE":
            widths.clear()
        return self.answer(200, {"widths": widths})

    def on_versions(self, name, rest):
        server = self.server
        snapshots = server.snapshots.setdefault(name, {})
        if rest[0] == "snapshots" and len(rest) == 2:
            if rest[1] not in snapshots:
                raise not_found(f"snapshot {rest[1]}")
            if self.command == "DELETE":
                del snapshots[rest[1]]
                return self.answer(204)
            return self.answer(200, snapshots[rest[1]][0])
        if rest[0] == "history":
            if self.command == "PUT":
                server.history = self.json_body()["seconds"]
            since = {"since": "2026-01-01T00:00:00Z"} if server.history else {}
            body = {"seconds": server.history, "since_token": 3, "points": 1, "bytes": 9, **since}
            return self.answer(200, body)
        if self.command == "GET":
            return self.answer(200, {"snapshots": [snapshots[s][0] for s in sorted(snapshots)]})
        wanted = server.last_version = self.json_body()
        spec, rows = server.collections[name]
        if rest[0] == "snapshots":
            body = {
                "name": wanted["name"],
                "token": 7,
                "created_at": "2026-01-01T00:00:00Z",
                "rows": len(rows),
                "bytes": 100,
            }
            snapshots[wanted["name"]] = (body, dict(rows))
            return self.answer(201, body)
        if rest[0] == "branch":
            kept = snapshots[wanted["at"]][1] if "at" in wanted else rows
            server.collections[wanted["name"]] = (spec, dict(kept))
            return self.answer(201, self.collection_body(wanted["name"]))
        if rest[0] == "rollback":
            server.collections[name] = (spec, dict(snapshots[wanted["to"]][1]))
            return self.answer(200, self.collection_body(name))
        server.collections[wanted["to"]] = server.collections.pop(name)
        return self.answer(200, self.collection_body(wanted["to"]))

    def on_aliases(self, rest):
        aliases = self.server.aliases
        if not rest:
            bodies = [{"alias": a, "collection": aliases[a]} for a in sorted(aliases)]
            return self.answer(200, {"aliases": bodies})
        if self.command == "PUT":
            aliases[rest[0]] = self.json_body()["collection"]
            return self.answer(200, {"alias": rest[0], "collection": aliases[rest[0]]})
        if aliases.pop(rest[0], None) is None:
            raise not_found(f"alias {rest[0]}")
        return self.answer(204)

    def collection_body(self, name):
        spec, rows = self.server.collections[name]
        return {
            "name": name,
            "id": f"id-{name}",
            "created_at": "2026-01-01T00:00:00Z",
            "dims": spec.get("dims") or 384,
            "metric": spec.get("metric") or "cosine",
            "model": spec.get("model"),
            "schema": spec.get("schema") or {},
            "rows": len(rows),
        }

    def on_rows_upsert(self, rows):
        body = self.json_body()
        new = body.get("rows")
        if new is None:
            columns = body["columns"]
            new = [
                {name: column[i] for name, column in columns.items() if column[i] is not None}
                for i in range(len(columns["id"]))
            ]
        self.server.last_write = {k: v for k, v in body.items() if k not in ("rows", "columns")}
        kept = [row for row in new if body.get("mode") != "insert" or row["id"] not in rows]
        skipped = [row["id"] for row in new if row not in kept]
        rows.update({row["id"]: row for row in kept})
        answer = {"upserted": len(kept), "token": len(rows)}
        if skipped:
            answer.update(skipped=len(skipped), skipped_ids=skipped)
        self.answer(200, answer)

    def on_rows_patch(self, rows):
        self.server.last_write = self.json_body()
        self.answer(200, {"upserted": 1, "token": 5})

    def on_rows_delete(self, rows):
        gone = [row for row in self.json_body().get("ids") or list(rows) if rows.pop(row, None)]
        self.answer(200, {"deleted": len(gone), "token": 1})

    def on_rows_count(self, rows):
        self.server.last_count = self.json_body()
        self.answer(200, {"count": len(rows)})

    def on_rows_search(self, rows):
        self.server.last_search = wanted = self.json_body()
        hits = [
            {
                "id": row["id"],
                "score": 1.0,
                "text": row.get("text"),
                "attributes": row.get("attributes") or {},
            }
            for row in rows.values()
        ]
        self.answer(
            200,
            {"hits": hits[: wanted["limit"]], "mode": wanted.get("mode", "hybrid"), "took_ms": 0.5},
        )

    def on_rows_rows(self, rows):
        limit, after = int(self.query["limit"]), self.query.get("after", "")
        ids = [row for row in sorted(rows) if row > after]
        self.answer(
            200,
            {
                "rows": [rows[i] for i in ids[:limit]],
                "next": ids[limit - 1] if len(ids) > limit else None,
            },
        )

    def on_rows_sync(self, rows):
        self.server.last_sync = self.json_body()
        self.start_lines()
        for event in self.server.sync_events:
            self.chunk(json.dumps(event).encode() + b"\n")
        self.chunk(b"")

    def on_embeddings(self, rest):
        wanted = self.json_body()
        if wanted["model"] != "all-MiniLM-L6-v2":
            return self.answer(
                404,
                {
                    "error": {
                        "message": f"no model {wanted['model']}",
                        "type": "invalid_request_error",
                    }
                },
            )
        data = [
            {
                "object": "embedding",
                "index": i,
                "embedding": base64.b64encode(struct.pack("<3f", len(text), i, 0.5)).decode(),
            }
            for i, text in enumerate(wanted["input"])
        ]
        self.answer(200, {"object": "list", "data": data[::-1]})

    # functions -----------------------------------------------------------------------------------

    def on_artifacts(self, rest):
        data = self.body()
        name = hashlib.sha256(data).hexdigest()
        self.server.artifacts[name] = data
        self.answer(201, {"id": name, "size_bytes": len(data)})

    def on_functions(self, rest):
        server, name = self.server, rest[0]
        if len(rest) == 2:
            return getattr(self, f"on_function_{rest[1]}")(name)
        if self.command == "PUT":
            spec = self.json_body()
            version = server.functions.get(name, {}).get("version", 0) + 1
            server.functions[name] = {**spec, "name": name, "version": version}
        elif name in server.callables and name not in server.functions:
            return self.answer(200, {"name": name, "runtime": "java"})
        elif name not in server.functions:
            raise not_found(f"function {name}")
        elif self.command == "DELETE":
            del server.functions[name]
            return self.answer(204)
        self.answer(200, server.functions[name])

    def on_function_call(self, name):
        started = self.server.start_call(name, self.headers["content-type"], self.body())
        self.answer(200, self.server.finish_call(*started))

    def on_function_spawn(self, name):
        started = self.server.start_call(name, self.headers["content-type"], self.body())
        queued = dict(self.server.calls[started[0]][0])
        self.server.pool.submit(self.server.finish_call, *started)
        self.answer(202, queued)

    def on_function_map(self, name):
        wanted = self.json_body()["inputs"]
        futures = []
        for index, payload in enumerate(wanted):
            data = (
                base64.b64decode(payload["base64"])
                if payload.get("base64") is not None
                else json.dumps(payload["json"]).encode()
            )
            started = self.server.start_call(name, payload["content_type"], data, index)
            futures.append(self.server.pool.submit(self.server.finish_call, *started))
        self.start_lines()
        from concurrent.futures import as_completed

        for future in as_completed(futures):
            self.chunk(json.dumps(future.result()).encode() + b"\n")
        self.chunk(b"")

    def on_calls(self, rest):
        if rest[0] not in self.server.calls:
            raise not_found(f"call {rest[0]}")
        call, done = self.server.calls[rest[0]]
        if rest[1:] == ["output"]:
            kind, data = self.server.outputs[rest[0]]
            return self.answer(200, content=data, kind=kind)
        if rest[1:] == ["cancel"]:
            self.drain()
            if not done.is_set():
                call.update(failure("cancelled", status="cancelled"))
                done.set()
            return self.answer(200, call)
        done.wait(float(self.query.get("wait_seconds", 0)))
        self.answer(200, call)

    # storage -------------------------------------------------------------------------------------

    def on_storage(self, rest):
        server = self.server
        if not rest:
            return self.answer(200, server.storage["stats"])
        if rest[0] == "chunks":
            return self.answer(200, {"spaces": server.storage["chunks"].get(rest[1], [])})
        if rest[0] == "operations":
            if len(rest) > 1:
                first = server.storage["operations"]["running"][0]
                return self.answer(200, {**first, "state": "cancelling"})
            return self.answer(200, server.storage["operations"])
        if rest[0] == "members":
            if len(rest) > 1:
                server.storage["members"] = [
                    m for m in server.storage["members"] if m["id"] != rest[1]
                ]
                return self.answer(204)
            return self.answer(200, {"members": server.storage["members"]})
        if rest[0] == "backups":
            return self.answer(200, {"backups": server.storage["backups"]})
        body = self.json_body()
        server.storage["body"] = body
        answer = dict(server.storage[rest[0]])
        if rest[0] == "gc":
            answer["dry_run"] = body["dry_run"]
            server.storage["grace"] = body.get("grace_seconds")
        self.answer(200, answer)
