import pytest
from fake_server import TOKEN, FakeServer

import quern
from quern._transport_std import StdTransport


@pytest.fixture
def server():
    server = FakeServer()
    yield server
    server.close()


def std_transport(url):
    from urllib.parse import urlsplit

    return StdTransport(urlsplit(url))


def httpx_transport(url):
    pytest.importorskip("httpx")
    from quern._transport_httpx import HttpxTransport

    return HttpxTransport()


@pytest.fixture(params=[std_transport, httpx_transport], ids=["std", "httpx"])
def open_transport(request):
    return request.param


@pytest.fixture
def client(server, open_transport):
    """On both transports; does not wait between retries but notes how long it would."""
    waits = []
    client = quern.Client(
        server.url, TOKEN, transport=open_transport(server.url), sleep=waits.append
    )
    client.waits = waits
    yield client
    client.close()


@pytest.fixture
def in_environment(server, monkeypatch):
    monkeypatch.setenv("QUERN_URL", server.url)
    monkeypatch.setenv("QUERN_TOKEN", TOKEN)
    return server
