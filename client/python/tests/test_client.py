import builtins
import pickle
import socket

import pytest
from fake_server import TOKEN, Refusal

import quern
from quern import _config, exception


def exhausted(millis=None):
    details = {} if millis is None else {"retry_after_ms": millis}
    return Refusal(429, "EXHAUSTED", "queue is full", details)


UNAVAILABLE = Refusal(503, "UNAVAILABLE", "starting", headers={"retry-after": "2"})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID", exception.InvalidError),
        ("DENIED", exception.AuthError),
        ("NOT_FOUND", exception.NotFoundError),
        ("CONFLICT", exception.ConflictError),
        ("FENCED", exception.FencedError),
        ("CORRUPT", exception.CorruptError),
        ("INTERNAL", exception.InternalError),
    ],
)
def test_codes_become_types(server, client, code, kind):
    server.fail_next("GET *", Refusal(418, code, "said so", {"volume": "docs"}))
    with pytest.raises(kind, match="said so") as raised:
        client.json("GET", "/v1/volumes")
    assert raised.value.code == code
    assert raised.value.details["volume"] == "docs"
    assert len(raised.value.request_id) == 32


def test_an_answer_without_a_code_goes_by_its_status(server, client):
    server.fail_next("GET *", Refusal(409, "SOMETHING_NEW", "newer server"))
    with pytest.raises(exception.ConflictError):
        client.json("GET", "/v1/volumes")


def test_wrong_token_is_denied(server, open_transport):
    client = quern.Client(server.url, "wrong", transport=open_transport(server.url))
    with pytest.raises(exception.AuthError, match="token is not known"):
        client.json("GET", "/v1/volumes")


def test_retries_exhausted_and_waits_as_long_as_asked(server, client):
    server.fail_next("GET *", exhausted(1500), exhausted())
    assert client.json("GET", "/v1/volumes") == {"volumes": []}
    assert client.waits[0] == 1.5
    assert 0.2 <= client.waits[1] <= 0.4


def test_retries_unavailable_and_broken_connections_of_what_can_be_repeated(server, client):
    server.fail_next("GET *", UNAVAILABLE, "break")
    assert client.json("GET", "/v1/volumes") == {"volumes": []}
    assert client.waits[0] == 2.0
    assert len(server.sent("GET *")) == 3


def test_gives_up_after_five_attempts(server, client):
    server.fail_next("GET *", *[exhausted(90_000) for _ in range(9)])
    with pytest.raises(exception.ExhaustedError) as raised:
        client.json("GET", "/v1/volumes")
    assert raised.value.retry_after == 90
    assert client.waits == [30.0] * 4


def test_a_request_that_starts_work_is_repeated_only_when_nothing_was_admitted(server, client):
    server.fail_next("POST *", exhausted(), UNAVAILABLE)
    with pytest.raises(exception.UnavailableError):
        client.json("POST", "/v1/volumes", {"name": "docs"})
    assert len(server.sent("POST *")) == 2
    server.fail_next("POST *", "break")
    with pytest.raises(exception.ConnectionError):
        client.json("POST", "/v1/volumes", {"name": "docs"})
    assert server.volumes == {}


def test_no_server_says_how_to_start_one(open_transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = quern.Client(url, TOKEN, transport=open_transport(url), sleep=pytest.fail)
    with pytest.raises(builtins.ConnectionError, match="quern serve") as raised:
        client.json("GET", "/v1/volumes")
    assert isinstance(raised.value, exception.UnavailableError)
    assert url in str(raised.value)


def test_nan_is_refused_before_it_is_sent(server, client):
    with pytest.raises(exception.InvalidError, match="JSON"):
        client.json("POST", "/v1/volumes", {"name": float("nan")})
    assert server.requests == []


def test_token_comes_from_argument_environment_or_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("QUERN_TOKEN", raising=False)
    monkeypatch.delenv("QUERN_URL", raising=False)
    with pytest.raises(exception.AuthError, match=r"QUERN_TOKEN.*admin\.token"):
        _config.resolve()
    (tmp_path / ".quern").mkdir()
    (tmp_path / ".quern" / "admin.token").write_text("from-file\n")
    assert _config.resolve() == ("http://127.0.0.1:7700", "from-file")
    monkeypatch.setenv("QUERN_TOKEN", "from-environment")
    monkeypatch.setenv("QUERN_URL", "http://mill:7700/")
    assert _config.resolve() == ("http://mill:7700", "from-environment")
    assert _config.resolve("https://other", "given") == ("https://other", "given")
    assert "given" not in repr(_config.resolve("https://other", "given"))


def test_a_function_is_told_that_it_has_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("QUERN_TOKEN", raising=False)
    monkeypatch.setenv("QUERN_FUNCTION", "jobs-shift")
    with pytest.raises(exception.AuthError, match="jobs-shift runs without network"):
        _config.resolve()


@pytest.mark.parametrize("url", ["127.0.0.1:7700", "ftp://host", "http://"])
def test_a_url_must_be_one(url):
    with pytest.raises(exception.InvalidError, match="http://127.0.0.1:7700"):
        _config.resolve(url, "t")


def test_a_token_with_a_line_break_is_refused():
    with pytest.raises(exception.AuthError):
        _config.resolve("http://h", "a\nb")


def test_flight_url_follows_the_host(monkeypatch):
    monkeypatch.delenv("QUERN_FLIGHT_URL", raising=False)
    assert _config.flight_url("http://mill:7700") == "grpc://mill:7701"
    assert _config.flight_url("http://[::1]:7700") == "grpc://[::1]:7701"
    monkeypatch.setenv("QUERN_FLIGHT_URL", "grpc://other:1")
    assert _config.flight_url("http://mill:7700") == "grpc://other:1"


def test_errors_survive_pickling():
    error = exception.ExhaustedError("full", details={"retry_after_ms": 5})
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.retry_after, again.code) == ("full", 0.005, "EXHAUSTED")
