"""Fan-out: many inputs to one function, a bounded number of them outstanding.

One thread reads the inputs; up to 16 threads send what has been read, up to 64 inputs in one
request, and read the answers as they complete. An input counts as outstanding until its result has
been handed to the caller, so that neither side can pile up.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import deque
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Tuple,
)

from . import _payload
from ._calls import Settled, settle
from ._client import IF_NOT_ADMITTED, Body, bytes_body, json_body, segment
from ._transport import TransportError
from .exception import ConnectionError, UnavailableError

if TYPE_CHECKING:
    from ._client import Client
    from ._transport import Response

OUTSTANDING_MAX = 1_000
REQUESTS_MAX = 16
BATCH_INPUTS_MAX = 64
LINGER_SECONDS = 0.002
BATCH_BYTES_MAX = 8 << 20
INLINE_BYTES_MAX = 3 << 20


class Target(NamedTuple):
    """A deployed function."""

    client: Client
    name: str
    runtime: str

    def path(self, verb: str) -> str:
        """Route of ``call``, ``spawn`` or ``map``."""
        return f"/v1/functions/{segment(self.name)}/{verb}"

    def encode(self, args: Iterable[Any], kwargs: Dict[str, Any]) -> _payload.Payload:
        """The input of one call."""
        return _payload.encode_call(self.runtime, list(args), kwargs)

    def call(self, payload: _payload.Payload) -> Dict[str, Any]:
        """Calls and waits for the end."""
        return _post(self, "call", bytes_body(payload.data, payload.content_type), waits=True)

    def spawn(self, payload: _payload.Payload) -> Dict[str, Any]:
        """Queues a call."""
        return _post(self, "spawn", bytes_body(payload.data, payload.content_type), waits=False)


def _post(target: Target, verb: str, body: Body, *, waits: bool) -> Dict[str, Any]:
    answer: Dict[str, Any] = target.client.json(
        "POST", target.path(verb), body=body, retry=IF_NOT_ADMITTED, waits=waits
    )
    return answer


class _Failure(NamedTuple):
    """Ends the map: raised by the input iterator, or by a request."""

    cause: BaseException


Item = Tuple[int, _payload.Payload]


def run(
    target: Target,
    inputs: Iterable[Tuple[Tuple[Any, ...], Dict[str, Any]]],
    *,
    order_outputs: bool,
    return_exceptions: bool,
) -> Iterator[Any]:
    """Results of calling ``target`` with each ``(args, kwargs)``.

    In input order, or with ``order_outputs=False`` as they complete. The first failure is raised,
    or with ``return_exceptions`` the exception takes the result's place. An error of the input
    iterator, or of the server, is always raised.
    """
    fan = _Fan(target, iter(inputs))
    try:
        results = fan.results()
        for settled in _in_order(results) if order_outputs else (r for _, r in results):
            if settled.failure is None:
                yield settled.value
            elif return_exceptions:
                yield settled.failure
            else:
                raise settled.failure
            fan.release()
    finally:
        fan.stop()


def _in_order(results: Iterator[Tuple[int, Settled]]) -> Iterator[Settled]:
    waiting: Dict[int, Settled] = {}
    wanted = 0
    for index, value in results:
        waiting[index] = value
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted += 1


class _Fan:
    """One reader, which runs ahead of the results by at most ``OUTSTANDING_MAX``, and as many
    senders as there is work for. A sender that collects a batch is *taking*; a new one starts only
    when what is ready is more than those who take can carry.
    """

    def __init__(self, target: Target, inputs: Iterator[Any]) -> None:
        self._target = target
        self._inputs = inputs
        self._room = threading.Semaphore(OUTSTANDING_MAX)
        self._done: queue.Queue[Any] = queue.Queue()
        self._changed = threading.Condition()
        # Guarded by _changed:
        self._ready: Deque[Item] = deque()
        self._all_read = False
        self._stopped = False
        self._senders = 0
        self._taking = 0
        self._responses: List[Response] = []

    def results(self) -> Iterator[Tuple[int, Settled]]:
        """``(index, how it ended)`` as they complete."""
        _start("quern-map-input", self._read)
        expected = None
        received = 0
        while expected is None or received < expected:
            got = self._done.get()
            if isinstance(got, _Failure):
                raise got.cause
            if isinstance(got, int):
                expected = got
                continue
            received += 1
            yield got

    def release(self) -> None:
        """A result has been handed over."""
        self._room.release()

    def stop(self) -> None:
        """Ends the threads: senders as their requests break, the reader at its next input."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            responses = list(self._responses)
        self._room.release()
        for response in responses:
            response.abort()

    def _read(self) -> None:
        count = 0
        try:
            while True:
                self._room.acquire()
                if self._stopped:
                    return
                try:
                    args, kwargs = next(self._inputs)
                except StopIteration:
                    break
                payload = self._target.encode(args, kwargs)
                with self._changed:
                    self._ready.append((count, payload))
                    self._changed.notify()
                    self._start_sender_if_needed()
                count += 1
            with self._changed:
                self._all_read = True
                self._changed.notify_all()
            self._done.put(count)
        except BaseException as e:
            self._done.put(_Failure(e))

    def _start_sender_if_needed(self) -> None:
        """Called with the lock held."""
        carried = self._taking * BATCH_INPUTS_MAX
        if len(self._ready) > carried and self._senders < REQUESTS_MAX and not self._stopped:
            self._senders += 1
            self._taking += 1
            _start(f"quern-map-{self._senders}", self._send)

    def _send(self) -> None:
        try:
            while True:
                batch = self._take()
                if not batch:
                    return
                self._send_batch(batch)
                with self._changed:
                    self._taking += 1
        except BaseException as e:
            self._done.put(_Failure(e))

    def _take(self) -> List[Item]:
        """Waits for inputs, then a moment for more of them; empty when there will be none."""
        with self._changed:
            while not self._ready and not self._all_read and not self._stopped:
                self._changed.wait()
            deadline = time.monotonic() + LINGER_SECONDS
            while len(self._ready) < BATCH_INPUTS_MAX and not self._all_read and not self._stopped:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            batch = [] if self._stopped else self._next_batch()
            self._taking -= 1
            self._start_sender_if_needed()
        return batch

    def _next_batch(self) -> List[Item]:
        """What is ready, up to the bounds; a large input goes alone. Called with the lock held."""
        batch: List[Item] = []
        size = 0
        while self._ready and len(batch) < BATCH_INPUTS_MAX:
            length = len(self._ready[0][1].data)
            alone = max(size, length) > INLINE_BYTES_MAX
            if batch and (alone or size + length > BATCH_BYTES_MAX):
                break
            batch.append(self._ready.popleft())
            size += length
        return batch

    def _send_batch(self, batch: List[Item]) -> None:
        if len(batch) == 1:
            index, payload = batch[0]
            self._finish(index, self._target.call(payload))
            return
        body = json_body({"inputs": [payload.to_wire() for _, payload in batch]})
        pending = {place: index for place, (index, _) in enumerate(batch)}
        for call in self._answers(body):
            self._finish(pending.pop(call["index"]), call)
        if pending and not self._stopped:
            raise UnavailableError(
                f"map of {self._target.name} ended with {len(pending)} calls open"
            )

    def _answers(self, body: Body) -> Iterator[Dict[str, Any]]:
        path = self._target.path("map")
        with self._target.client.open("POST", path, body=body, waits=True) as response:
            with self._changed:
                if self._stopped:
                    return
                self._responses.append(response)
            try:
                yield from map(json.loads, response.lines())
            except TransportError as e:
                raise ConnectionError(f"map of {self._target.name} broke off: {e}") from e
            finally:
                with self._changed:
                    self._responses.remove(response)

    def _finish(self, index: int, call: Dict[str, Any]) -> None:
        self._done.put((index, settle(self._target.client, call)))


def _start(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()
