import json
import pickle
import threading
import time

import fake_server
import jobs
import pytest
from fake_server import RECEIPT, failure, json_output

import quern
from quern import exception


@pytest.fixture
def running(client):
    with jobs.app.run(client=client):
        yield client


def test_run_deploys_under_names_of_its_own_and_deletes_them(server, client):
    with jobs.app.run(client=client) as app:
        assert app is jobs.app
        names = sorted(server.functions)
        assert [name.rpartition(".")[0] for name in names] == [
            "jobs-fail",
            "jobs-renamed",
            "jobs-shift",
        ]
        assert len({name.rpartition(".")[2] for name in names}) == 1
        spec = server.functions[names[2]]
        assert spec["runtime"] == "python"
        assert spec["entry"] == "jobs:shift"
        assert spec["volumes"] == {"/data": {"volume": "jobs-data"}}
        assert (spec["timeout_seconds"], spec["memory_bytes"]) == (12.5, 128 << 20)
        assert (spec["max_instances"], spec["scaledown_seconds"]) == (3, 7)
        assert "timeout_seconds" not in server.functions[names[0]]
        assert "jobs-data" in server.volumes
        assert len(server.artifacts) == 1
    assert server.functions == {}


def test_run_cleans_up_after_an_error_halfway(server, client):
    refusal = fake_server.Refusal(400, "INVALID", "no")
    with pytest.raises(exception.InvalidError):
        server.fail_next("PUT *renamed*", refusal)
        with jobs.app.run(client=client):
            pytest.fail("must not run")
    assert server.functions == {}
    with jobs.app.run(client=client):
        second = jobs.app.run(client=client)
        with pytest.raises(exception.InvalidError, match="already"), second:
            pass


def test_remote_runs_there_and_local_here(running):
    assert jobs.shift.remote(jobs.Point(1, 5), by=10) == jobs.Point(11, 5)
    assert jobs.shift.local(jobs.Point(1)) == jobs.Point(2)
    assert jobs.original.remote() == "jobs"


def test_a_users_exception_keeps_its_type_and_its_remote_traceback(running):
    with pytest.raises(KeyError, match="missing") as raised:
        jobs.fail.remote("key")
    assert 'return {}["missing"]' in str(raised.value.__cause__)
    assert "jobs.py" in str(raised.value.__cause__)
    with pytest.raises(jobs.TwoArguments, match=r"broken \(7\)") as raised:
        jobs.fail.remote("two")
    assert "TwoArguments" in str(raised.value.__cause__)
    with pytest.raises(jobs.Unpicklable, match="has a lock"):
        jobs.fail.remote("lock")


def test_spawn_returns_at_once_and_get_waits(running):
    call = jobs.shift.spawn(jobs.Point(3))
    assert call.get() == jobs.Point(4)
    again = quern.FunctionCall.from_id(call.object_id, client=running)
    assert again.get(timeout=0) == jobs.Point(4)
    assert again.status() == "succeeded"
    assert again.logs() == "shifting 3\n"
    assert again.receipt()._asdict() == RECEIPT
    assert quern.FunctionCall.gather(call, again) == [jobs.Point(4)] * 2


def test_deploy_leaves_them_and_from_name_finds_them(server, client):
    app = jobs.app
    try:
        assert app.deploy(client=client) is app
        assert sorted(server.functions) == ["jobs-fail", "jobs-renamed", "jobs-shift"]
        assert [body["version"] for body in app.deployed] == [1, 1, 1]
        found = quern.Function.from_name("jobs", "shift", client=client)
        assert found.remote(jobs.Point(5)) == jobs.Point(6)
        with pytest.raises(exception.ExecutionError, match="looked up"):
            found.local(jobs.Point(5))
    finally:
        app._deployed = {}


def test_calling_what_is_not_deployed_says_what_to_do():
    with pytest.raises(exception.ExecutionError, match=r"app.run.*from_name"):
        jobs.shift.remote(jobs.Point(1))
    with pytest.raises(exception.InvalidError, match=r"\.remote\(\)"):
        jobs.shift(jobs.Point(1))


def test_unknown_function_is_not_found_at_first_use(client):
    function = quern.Function.from_name("nothing", client=client)
    with pytest.raises(exception.NotFoundError):
        function.remote()


# a function in another language -------------------------------------------------------------------


def test_java_functions_take_and_give_json(server, client):
    seen = []

    def count(content_type, body):
        seen.append((content_type, json.loads(body)))
        return json_output({"words": 3})

    server.callables["word-count"] = count
    function = quern.Function.from_name("word-count", client=client)
    assert function.remote("a b c", limit=2) == {"words": 3}
    assert seen == [("application/json", {"args": ["a b c"], "kwargs": {"limit": 2}})]
    assert list(function.map(["a", "b"])) == [{"words": 3}] * 2
    with pytest.raises(exception.InvalidError, match="travel as JSON"):
        function.remote({1, 2})


@pytest.mark.parametrize(
    ("result", "kind", "text"),
    [
        (
            failure("exception", "java.lang.IllegalStateException", "no", "at X.y(X.java:3)"),
            exception.ExecutionError,
            r"IllegalStateException: no\nremote traceback:\nat X.y",
        ),
        (
            failure("exception", "os.PathLike", "not an exception"),
            exception.ExecutionError,
            "PathLike",
        ),
        (failure("timeout", status="timed_out"), exception.FunctionTimeoutError, "call-0"),
        (failure("cancelled", status="cancelled"), exception.InputCancellation, "cancelled"),
        (failure("memory", message="over 64 MiB"), exception.ExecutionError, "memory: over 64 MiB"),
        (failure("crash", message="signal 9"), exception.ExecutionError, "crash: signal 9"),
        (failure("load", "SyntaxError", "bad"), exception.ExecutionError, "load: SyntaxError: bad"),
        (failure("exception", "ValueError", "plain"), ValueError, "^plain$"),
        (
            failure("exception", "x.Y", "m", pickle="bm90IGEgcGlja2xl"),
            exception.ExecutionError,
            "x.Y",
        ),
    ],
)
def test_failures_without_an_exception_of_their_own(server, client, result, kind, text):
    server.callables["f"] = lambda *_: result
    with pytest.raises(kind, match=text):
        quern.Function.from_name("f", client=client).remote()


def test_timeouts_are_timeouts():
    assert issubclass(exception.FunctionTimeoutError, TimeoutError)
    assert issubclass(exception.TimeoutError, TimeoutError)


def test_get_polls_waits_or_gives_up(server, client):
    release = threading.Event()

    def slow(*_):
        release.wait(10)
        return json_output(1)

    server.callables["slow"] = slow
    call = quern.Function.from_name("slow", client=client).spawn()
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="after 0 s"):
        call.get(timeout=0)
    with pytest.raises(exception.TimeoutError, match=r"after 0.3 s"):
        call.get(timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 3
    assert call.receipt() is None
    threading.Timer(0.2, release.set).start()
    assert call.get() == 1


def test_cancel_ends_a_call(server, client):
    server.callables["slow"] = lambda *_: threading.Event().wait(5) or json_output(1)
    call = quern.Function.from_name("slow", client=client).spawn()
    call.cancel()
    with pytest.raises(exception.InputCancellation):
        call.get(timeout=1)


def test_large_outputs_are_fetched(server, client):
    value = ["x" * 1000] * 10

    def big(*_):
        server.outputs["call-0"] = ("application/x-python-pickle", pickle.dumps(value))
        return {
            "status": "succeeded",
            "output": {
                "content_type": "application/x-python-pickle",
                "href": "/somewhere",
                "size_bytes": 9,
            },
        }

    server.callables["big"] = big
    assert quern.Function.from_name("big", client=client).remote() == value
    server.fail_next("GET */output", fake_server.not_found("output"))
    with pytest.raises(exception.OutputExpiredError):
        quern.FunctionCall.from_id("call-0", client=client).get()


def test_output_prints_logs_and_keeps_receipts(running, capsys):
    with quern.enable_output() as output:
        assert len(list(jobs.shift.map([jobs.Point(1), jobs.Point(2)]))) == 2
    assert sorted(capsys.readouterr().err.split("\n")) == ["", "shifting 1", "shifting 2"]
    assert [call["receipt"] for call in output.finished] == [RECEIPT] * 2
    jobs.shift.remote(jobs.Point(9))
    assert capsys.readouterr().err == ""


# definitions --------------------------------------------------------------------------------------


def test_names_are_checked():
    with pytest.raises(exception.InvalidError, match="app name"):
        quern.App("has space")
    app = quern.App("a" * 60)
    with pytest.raises(exception.InvalidError, match="function name"):
        app.function(name="a-b")(jobs.original.raw_f)
    app.function()(jobs.original.raw_f)
    with pytest.raises(exception.InvalidError, match="two functions"):
        app.function()(jobs.original.raw_f)


def test_names_that_are_too_long_together_are_refused(client, server):
    app = quern.App("a" * 60)
    app.function()(jobs.jobs_helper.add)
    with pytest.raises(exception.InvalidError, match="too long together"):
        app.deploy(client=client)
    assert server.functions == {}


def test_functions_that_cannot_be_imported_are_refused(client):
    app = quern.App("local")

    def inner():
        pass

    with pytest.raises(exception.InvalidError, match="within another"):
        app.function()(inner)
    app.function()(jobs.original.raw_f)
    with pytest.raises(exception.InvalidError, match=r"found at the top.*jobs\.original"):
        app.deploy(client=client)


def test_decorators_need_parentheses():
    app = quern.App("x")
    with pytest.raises(exception.InvalidError, match="parentheses"):
        app.function(jobs.jobs_helper.add)
    with pytest.raises(exception.InvalidError, match="parentheses"):
        app.local_entrypoint(jobs.jobs_helper.add)


def test_volumes_are_checked():
    app = quern.App("x")
    volume = quern.Volume.from_name("v")
    with pytest.raises(exception.InvalidError, match="two paths"):
        app.function(volumes={"/a": volume, "/b": volume})
    with pytest.raises(exception.InvalidError, match="from_name"):
        app.function(volumes={"/a": "v"})


@pytest.mark.parametrize("option", ["gpu", "image", "secrets", "schedule", "retries", "cpu"])
def test_options_that_quern_lacks_are_named(option):
    app = quern.App("x")
    with pytest.raises(exception.NotSupportedError, match=rf"@app.function\({option}=\)"):
        app.function(**{option: 1})
    app.function(**{option: None})
    with pytest.raises(TypeError, match="nonsense"):
        app.function(nonsense=1)


@pytest.mark.parametrize("name", ["Image", "Secret", "Cls", "Queue", "Dict", "Cron", "enter"])
def test_names_that_quern_lacks_are_named(name):
    with pytest.raises(NotImplementedError, match=f"quern.{name} is not in this version"):
        getattr(quern, name)
    with pytest.raises(AttributeError):
        _ = quern.no_such_name
    with pytest.raises(exception.NotSupportedError, match=r"App\.cls"):
        quern.App("x").cls()
    with pytest.raises(exception.NotSupportedError, match=r"Function\.remote_gen"):
        jobs.shift.remote_gen(1)
    assert not hasattr(jobs.shift, "no_such_name")
