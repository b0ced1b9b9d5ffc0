import pickle
import sys
import types

import pytest

from quern import _modules, _payload, exception


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Makes a module ``__main__`` whose file defines an app, as ``python script.py`` does."""
    path = tmp_path / "my-script.py"
    path.write_text(
        "class Thing:\n"
        "    class Inner: pass\n"
        "    def __init__(self, x): self.x = x\n"
        "    def __eq__(self, other): return type(self) is type(other) and self.x == other.x\n"
        "class Wrong(Exception):\n"
        "    def __init__(self, a, b):\n"
        "        super().__init__(a + b); self.a = a\n"
        "def double(x): return 2 * x\n"
    )
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    exec(compile(path.read_text(), str(path), "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.setattr(_modules, "_script_is_shipped", True)
    return module


@pytest.fixture
def other_side(script, tmp_path, monkeypatch):
    """Unpickles and pickles as the other side does, where the script is an imported module."""
    remote = types.ModuleType("my_script")
    exec(compile((tmp_path / "my-script.py").read_text(), "my_script.py", "exec"), vars(remote))

    def unpickle(data):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_modules, "_script_is_shipped", False)
            patch.setitem(sys.modules, "my_script", remote)
            return pickle.loads(data)

    def repickle(value):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "my_script", remote)
            return pickle.dumps(value)

    return remote, unpickle, repickle


def test_classes_of_a_script_are_the_imported_ones_there_and_its_own_back_here(script, other_side):
    remote, unpickle, repickle = other_side
    sent = _payload.dump(([script.Thing(3)], {"f": script.double, "c": script.Thing.Inner}))
    args, kwargs = unpickle(sent)
    assert type(args[0]) is remote.Thing
    assert kwargs == {"f": remote.double, "c": remote.Thing.Inner}
    assert _payload.load(repickle(args[0])) == script.Thing(3)


def test_exceptions_with_other_constructors_are_rebuilt(script, other_side):
    remote, _, repickle = other_side
    failure = _payload.load_exception(repickle(remote.Wrong("a", "b")))
    assert type(failure) is script.Wrong
    assert (str(failure), failure.a) == ("ab", "a")
    nested = ValueError("outer", KeyError("inner"))
    again = _payload.load_exception(pickle.dumps(nested))
    assert repr(again) == repr(nested)
    with pytest.raises(TypeError):
        _payload.load_exception(pickle.dumps("no exception"))


def test_lambdas_need_cloudpickle(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(exception.InvalidError, match="need cloudpickle"):
        _payload.dump(lambda: 1)
    monkeypatch.undo()
    pytest.importorskip("cloudpickle")
    assert pickle.loads(_payload.dump(lambda x: x + 1))(1) == 2
    with pytest.raises(exception.InvalidError, match="cannot pickle"):
        _payload.dump(sys.stdout)


def test_outputs_decode_by_content_type():
    assert _payload.decode("application/json; charset=utf-8", b'{"a":1}') == {"a": 1}
    assert _payload.decode("application/x-python-pickle", pickle.dumps((1,))) == (1,)
    assert _payload.decode("application/octet-stream", b"\x00") == b"\x00"


def test_json_inputs_travel_as_json_and_others_as_base64():
    assert _payload.encode_call("java", (1,), {"a": None}).to_wire() == {
        "content_type": "application/json",
        "size_bytes": 36,
        "json": {"args": [1], "kwargs": {"a": None}},
    }
    wire = _payload.encode_call("python", (1,), {}).to_wire()
    assert sorted(wire) == ["base64", "content_type", "size_bytes"]
    with pytest.raises(exception.InvalidError):
        _payload.encode_call("java", (float("inf"),), {})
