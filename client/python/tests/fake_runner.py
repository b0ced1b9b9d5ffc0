"""Runs one call of a shipped Python function, as a server's runner does: isolated, without
site-packages, the sources first on the path and the SDK second. Prints the outcome as JSON.
"""

import base64
import contextlib
import importlib
import io
import json
import pickle
import sys
import traceback


def run(folder, sdk, entry, body):
    sys.path[:0] = [folder, sdk]
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(module), name).raw_f
    args, kwargs = pickle.loads(body)
    try:
        value = function(*args, **kwargs)
    except Exception as e:
        try:
            data = pickle.dumps(e)
            pickle.loads(data)
            pickled = base64.b64encode(data).decode()
        except Exception:
            pickled = None
        kind = type(e)
        prefix = "" if kind.__module__ == "builtins" else kind.__module__ + "."
        return {
            "status": "failed",
            "error": {
                "reason": "exception",
                "type": prefix + kind.__qualname__,
                "message": str(e),
                "traceback": traceback.format_exc(),
                "pickle": pickled,
            },
        }
    output = base64.b64encode(pickle.dumps(value)).decode()
    return {"status": "succeeded", "output": ["application/x-python-pickle", output]}


printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    outcome = run(*sys.argv[1:], sys.stdin.buffer.read())
json.dump({**outcome, "logs": printed.getvalue()}, sys.stdout)
