import itertools
import json
import threading
import time

import pytest
from fake_server import Refusal, failure, json_output

import quern
from quern import _map, exception


@pytest.fixture
def square(server, client):
    def run(_, body):
        value = json.loads(body)["args"][0]
        return (
            failure("exception", "ValueError", "negative") if value < 0 else json_output(value**2)
        )

    server.callables["square"] = run
    return quern.Function.from_name("square", client=client)


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("quern-map")]


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_results_come_in_input_order(square, server):
    assert list(square.map(range(500))) == [i**2 for i in range(500)]
    assert len(server.sent("POST */map")) + len(server.sent("POST */call")) < 100


def test_empty_input_returns_at_once(square, server):
    started = time.monotonic()
    assert list(square.map([])) == []
    assert time.monotonic() - started < 1
    assert server.sent("POST *") == []


def test_inputs_are_zipped_and_starmap_unpacks(server, client):
    server.callables["echo"] = lambda _, body: json_output(json.loads(body))
    echo = quern.Function.from_name("echo", client=client)
    want = [{"args": [1, "a"], "kwargs": {"k": 0}}, {"args": [2, "b"], "kwargs": {"k": 0}}]
    assert list(echo.map([1, 2, 3], "ab", kwargs={"k": 0})) == want
    assert list(echo.starmap([(1, "a"), (2, "b")], kwargs={"k": 0})) == want


def test_first_failure_is_raised_in_its_turn(square):
    results = square.map([1, 2, -1, 3])
    assert [next(results), next(results)] == [1, 4]
    with pytest.raises(ValueError, match="negative"):
        next(results)
    wait_until(lambda: not threads())


def test_exceptions_stand_in_place_when_asked(square):
    results = list(square.map([1, -1, 2], return_exceptions=True))
    assert (results[0], type(results[1]), results[2]) == (1, ValueError, 4)


def test_for_each_ignores_failures_when_asked(square):
    square.for_each([1, -1], ignore_exceptions=True)
    with pytest.raises(ValueError):
        square.for_each([1, -1])


def test_an_error_of_the_input_iterator_surfaces(square):
    def inputs():
        yield 1
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(square.map(inputs(), return_exceptions=True))
    wait_until(lambda: not threads())


def test_an_input_that_cannot_be_sent_surfaces(square):
    with pytest.raises(exception.InvalidError, match="JSON"):
        list(square.map([1, {1}]))


def test_unordered_results_come_as_they_complete(server, client):
    release = threading.Event()

    def run(_, body):
        value = json.loads(body)["args"][0]
        if value == 0:
            release.wait(10)
        return json_output(value)

    server.callables["f"] = run
    results = quern.Function.from_name("f", client=client).map(range(5), order_outputs=False)
    first = [next(results) for _ in range(4)]
    assert sorted(first) == [1, 2, 3, 4]
    release.set()
    assert list(results) == [0]


def test_a_slow_iterator_does_not_hold_back_what_it_gave(square):
    gate = threading.Event()

    def inputs():
        yield 1
        yield 2
        gate.wait(10)
        yield 3

    results = square.map(inputs())
    assert [next(results), next(results)] == [1, 4]
    gate.set()
    assert list(results) == [9]


def test_a_busy_request_does_not_hold_back_others(server, client):
    gate = threading.Event()

    def run(_, body):
        value = json.loads(body)["args"][0]
        if value == "slow":
            gate.wait(10)
        return json_output(value)

    def inputs():
        yield "slow"
        for i in range(5):
            time.sleep(0.02)
            yield str(i)

    server.callables["f"] = run
    results = quern.Function.from_name("f", client=client).map(inputs(), order_outputs=False)
    assert sorted(next(results) for _ in range(5)) == list("01234")
    gate.set()
    assert list(results) == ["slow"]


def test_input_is_read_lazily_and_a_bounded_way_ahead(square, monkeypatch):
    monkeypatch.setattr(_map, "OUTSTANDING_MAX", 20)
    read = []
    endless = (read.append(i) or i for i in itertools.count())
    results = square.map(endless)
    assert read == []
    assert next(results) == 0
    wait_until(lambda: len(read) >= 20)
    time.sleep(0.2)
    assert len(read) <= 21
    assert [next(results) for _ in range(30)] == [i**2 for i in range(1, 31)]
    assert len(read) <= 51
    results.close()
    wait_until(lambda: not threads())


def test_a_slow_first_input_bounds_what_is_outstanding(server, client, monkeypatch):
    monkeypatch.setattr(_map, "OUTSTANDING_MAX", 10)
    release = threading.Event()
    started = []

    def run(_, body):
        value = json.loads(body)["args"][0]
        started.append(value)
        if value == 0:
            release.wait(10)
        return json_output(value)

    server.callables["f"] = run
    results = quern.Function.from_name("f", client=client).map(range(50))
    threading.Timer(0.5, release.set).start()
    assert next(results) == 0
    assert len(started) <= 11
    assert list(results) == list(range(1, 50))


def test_large_inputs_do_not_share_a_request(server, client, monkeypatch):
    monkeypatch.setattr(_map, "INLINE_BYTES_MAX", 1000)
    monkeypatch.setattr(_map, "BATCH_BYTES_MAX", 2000)
    server.callables["len"] = lambda _, body: json_output(len(json.loads(body)["args"][0]))
    inputs = ["x" * (5000 if i % 3 else 10) for i in range(40)]
    function = quern.Function.from_name("len", client=client)
    assert list(function.map(inputs)) == [len(text) for text in inputs]


def test_a_refused_map_surfaces(square, server):
    server.fail_next("POST *", Refusal(404, "NOT_FOUND", "gone"))
    with pytest.raises(exception.NotFoundError, match="gone"):
        list(square.map(range(3)))
    wait_until(lambda: not threads())
    server.fail_next("POST *", "break")
    with pytest.raises(exception.ConnectionError):
        list(square.map(range(3)))
    wait_until(lambda: not threads())


def test_a_full_queue_is_waited_for(square, server):
    server.fail_next("POST */call", Refusal(429, "EXHAUSTED", "full"))
    assert list(square.map([3])) == [9]


def test_closing_early_wakes_the_threads(server, client):
    started = threading.Event()

    def run(_, body):
        if json.loads(body)["args"][0] == 0:
            return json_output(0)
        started.set()
        threading.Event().wait(3)
        return json_output(1)

    server.callables["f"] = run
    results = quern.Function.from_name("f", client=client).map(range(100), order_outputs=False)
    assert next(results) == 0
    started.wait(5)
    begun = time.monotonic()
    results.close()
    assert time.monotonic() - begun < 1
    wait_until(lambda: not threads())
