import socket
import threading
import time

import pytest
from fake_server import TOKEN

from quern._transport import Request, Response, TransportError

HEADERS = [("authorization", f"Bearer {TOKEN}")]


def get(url, **fields):
    return Request("GET", url, HEADERS, None, 5.0)._replace(**fields)


def serve_raw(*answers, keep=0.0):
    """A server that sends prepared bytes, one connection each, then closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        for answer in answers:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(answer)
            time.sleep(keep)
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_reuses_a_connection_after_the_body_was_read(server, open_transport):
    transport = open_transport(server.url)
    server.add_commit("docs", {"a": b"x" * 300_000}, "")
    for _ in range(5):
        with transport.send(get(server.url + "/v1/volumes/docs/files/a")) as response:
            assert len(response.read()) == 300_000
    assert server.connections == 1


def test_drops_a_connection_whose_body_was_not_read(server, open_transport):
    transport = open_transport(server.url)
    server.add_commit("docs", {"a": b"x" * 30_000_000, "b": b"y"}, "")
    transport.send(get(server.url + "/v1/volumes/docs/files/a")).close()
    with transport.send(get(server.url + "/v1/volumes/docs/files/b")) as response:
        assert response.read() == b"y"
    assert server.connections == 2


def test_connects_anew_when_the_server_closed_an_idle_connection(open_transport):
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    url = serve_raw(answer, answer)
    transport = open_transport(url)
    for _ in range(2):
        with transport.send(get(url)) as response:
            assert response.read() == b"ok"
        time.sleep(0.1)


def test_tells_refused_from_broken(open_transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(TransportError) as refused:
        open_transport(url).send(get(url))
    assert refused.value.refused
    url = serve_raw(b"")
    with pytest.raises(TransportError) as broken:
        open_transport(url).send(get(url))
    assert not broken.value.refused


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
def test_a_body_that_ends_early_is_an_error(open_transport, cut):
    url = serve_raw(cut)
    with open_transport(url).send(get(url)) as response, pytest.raises(TransportError):
        response.read()


def test_times_out_waiting_for_the_answer(open_transport):
    url = serve_raw(b"", keep=5)
    started = time.monotonic()
    with pytest.raises(TransportError, match="in time"):
        open_transport(url).send(get(url, read_seconds=0.2))
    assert time.monotonic() - started < 3


def test_reads_the_answer_of_a_server_that_stops_reading(open_transport):
    answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig"
    url = serve_raw(answer, keep=0.5)
    blocks = (b"x" * 100_000 for _ in range(300))
    headers = [*HEADERS, ("content-length", "30000000")]
    request = Request("PUT", url, headers, blocks, 5.0)
    with open_transport(url).send(request) as response:
        assert response.status == 413


def test_abort_wakes_a_thread_that_reads(open_transport):
    url = serve_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", keep=20)
    response = open_transport(url).send(get(url, read_seconds=None))
    threading.Timer(0.2, response.abort).start()
    started = time.monotonic()
    with pytest.raises(TransportError):
        response.read()
    assert time.monotonic() - started < 5


def test_uploads_chunked_when_the_length_is_unknown(server, open_transport):
    server.add_commit("docs", {}, "")
    url = server.url + "/v1/volumes/docs/files/a?session=s&commit=true"
    request = Request("PUT", url, HEADERS, iter([b"ab", b"cd"]), 5.0)
    with open_transport(server.url).send(request) as response:
        assert response.status == 200
    assert server.volumes["docs"][-1]["files"] == {"a": b"abcd"}


def test_lines_are_whole_whatever_the_chunks():
    class Chunked(Response):
        def chunks(self):
            yield from (b'{"a"', b":1}\n\n", b'{"b":2}\n{"c"', b":3", b"}")

        def close(self):
            pass

    assert list(Chunked().lines()) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
