"""Runs one Python function for Quern, one call at a time.

Frames on what were stdin and stdout: two big-endian 32-bit lengths, then a JSON header and a body.
What user code prints, on any level, goes to what was stderr. A call's printed text ends with the
marker that came with the call. Modules that not every call needs are imported where they are used:
a start is waited for.
"""

import importlib
import json
import os
import resource
import struct
import sys
import types

LENGTHS = struct.Struct(">II")
JSON = "application/json"
BYTES = "application/octet-stream"
PICKLE = "application/x-python-pickle"
MAX_TRACEBACK = 64 << 10
MAX_MESSAGE = 2048
MAX_PICKLED_EXCEPTION = 256 << 10


class Pipes:
    """The private ends of the pipes; user code finds other things at 0, 1 and 2."""

    def __init__(self):
        self.owner = os.getpid()
        self.requests = open(os.dup(0), "rb")
        self.replies = os.dup(1)
        self.logs = os.dup(2)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)

    def receive(self):
        lengths = self.requests.read(LENGTHS.size)
        if len(lengths) < LENGTHS.size:
            os._exit(0)  # the service has closed the pipe
        header, body = LENGTHS.unpack(lengths)
        return json.loads(self.requests.read(header)), self.requests.read(body)

    def send(self, header, body=b""):
        head = json.dumps(header).encode()
        write_all(self.replies, LENGTHS.pack(len(head), len(body)) + head)
        write_all(self.replies, body)

    def end_logs(self, marker):
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()
            except Exception:  # closed or replaced by user code
                pass
        write_all(self.logs, marker.encode("latin-1"))


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def type_name(kind):
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else module + "." + kind.__qualname__


def message_of(error):
    if isinstance(error, SystemExit):
        return "the function called sys.exit(%r)" % (error.code,)
    try:
        return str(error)
    except Exception as e:
        return "<message cannot be read: %s>" % type_name(type(e))


def describe(error, skip):
    """The fields of an exception; `skip` frames of this file are left out of its traceback."""
    trace = error.__traceback__
    while skip and trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
        skip -= 1
    try:
        import traceback

        text = "".join(traceback.format_exception(type(error), error, trace))
    except Exception:
        text = ""
    return {
        "type": type_name(type(error)),
        "message": message_of(error)[:MAX_MESSAGE].encode("utf-8", "replace").decode(),
        "traceback": text[-MAX_TRACEBACK:].encode("utf-8", "replace").decode(),
        "memory": isinstance(error, MemoryError),
    }


def place_of(error, root):
    """File (relative to the sources) and line where loading failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return relative(error.filename, root), error.lineno or 0
    found = ("", 0)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(root + os.sep):
            found = (relative(name, root), trace.tb_lineno)
        trace = trace.tb_next
    return found


def relative(name, root):
    return os.path.relpath(name, root) if name.startswith(root + os.sep) else name


def load(header):
    """The callable that an entry `module:name` means: the raw function of a decorated one."""
    sys.path[:0] = header["paths"]
    module_name, _, name = header["entry"].partition(":")
    module = importlib.import_module(module_name)
    found = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AttributeError(
                "module %s has no %r (entry %s)" % (module_name, name, header["entry"])
            ) from None
    raw = getattr(found, "raw_f", found)
    if not callable(raw):
        raise TypeError("%s is not callable but %s" % (header["entry"], type_name(type(raw))))
    return raw


def pickler():
    try:
        import cloudpickle

        return cloudpickle
    except ImportError:
        import pickle

        return pickle


def arguments(content_type, body):
    if content_type == PICKLE:
        import pickle

        args, kwargs = pickle.loads(body)
        return args, kwargs
    if content_type == BYTES:
        return (body,), {}
    if not body:
        return (), {}
    value = json.loads(body)
    if isinstance(value, dict) and value and set(value) <= {"args", "kwargs"}:
        args, kwargs = value.get("args", []), value.get("kwargs", {})
        if isinstance(args, list) and isinstance(kwargs, dict):
            return args, kwargs
    return (value,), {}


def plain(value):
    """What json cannot write itself: NumPy scalars and arrays become numbers and lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError("a %s is not JSON" % type_name(type(value)))


def encode(value, content_type):
    if isinstance(value, (types.GeneratorType, types.AsyncGeneratorType)):
        raise TypeError("the function returned a generator; return a list instead")
    if content_type == PICKLE:
        return PICKLE, pickler().dumps(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BYTES, bytes(value)
    try:
        text = json.dumps(
            value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=plain
        )
    except (TypeError, ValueError, RecursionError) as e:
        raise TypeError(
            "the result (%s) cannot be sent as JSON: %s" % (type_name(type(value)), e)
        ) from None
    try:
        return JSON, text.encode()
    except UnicodeEncodeError:
        return JSON, json.dumps(value, allow_nan=False, default=plain).encode()


def run(function, content_type, body, max_output):
    args, kwargs = arguments(content_type, body)
    value = function(*args, **kwargs)
    if isinstance(value, types.CoroutineType):
        import asyncio

        value = asyncio.run(value)
    kind, output = encode(value, content_type)
    if len(output) > max_output:
        raise ValueError(
            "the result is %d bytes, over the bound of %d; write it to a volume instead"
            % (len(output), max_output)
        )
    return kind, output


def pickled(error):
    """The exception as a pickle, when it can be made again from it."""
    try:
        error = error.with_traceback(None)
        data = pickler().dumps(error)
        if len(data) <= MAX_PICKLED_EXCEPTION:
            import pickle

            pickle.loads(data)
            return data
    except Exception:
        pass
    return b""


def cpu_nanos():
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return int(total * 1e9)


def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def serve(pipes, function):
    while True:
        header, body = pipes.receive()
        content_type = header["content_type"]
        before = cpu_nanos()
        output = b""
        try:
            kind, output = run(function, content_type, body, header["max_output"])
            reply = {"op": "result", "content_type": kind}
        except BaseException as e:  # also sys.exit and KeyboardInterrupt: an answer is due
            reply = {"op": "error", **describe(e, 2)}
            if content_type == PICKLE:
                output = pickled(e)
        if os.getpid() != pipes.owner:
            os._exit(0)  # a child that the function forked and let return
        del body
        reply.update(id=header["id"], cpu_nanos=cpu_nanos() - before, peak_bytes=peak_bytes())
        pipes.end_logs(header["marker"])
        pipes.send(reply, output)


def main():
    pipes = Pipes()
    header, _ = pipes.receive()
    try:
        function = load(header)
    except BaseException as e:  # an answer is due whatever the module does
        file, line = place_of(e, header["root"])
        pipes.end_logs("")
        pipes.send({"op": "failed", **describe(e, 2), "file": file, "line": line})
        os._exit(0)
    pipes.send({"op": "ready"})
    serve(pipes, function)


main()
