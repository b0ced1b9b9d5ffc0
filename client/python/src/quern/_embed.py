"""Embeddings."""

from __future__ import annotations

import base64
import sys
from array import array
from typing import TYPE_CHECKING, List, Optional, Sequence, Union, overload

from .exception import InternalError, InvalidError

if TYPE_CHECKING:
    from ._client import Client

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_TEXTS_PER_REQUEST = 256


@overload
def embed(  # type: ignore[overload-overlap]
    texts: str, *, model: str = ..., client: Optional[Client] = ...
) -> List[float]: ...


@overload
def embed(
    texts: Sequence[str], *, model: str = ..., client: Optional[Client] = ...
) -> List[List[float]]: ...


def embed(
    texts: Union[str, Sequence[str]],
    *,
    model: str = DEFAULT_MODEL,
    client: Optional[Client] = None,
) -> Union[List[float], List[List[float]]]:
    """The vector of a text, or a vector for each of several, in their order.

    Sent 256 texts at a time. ``NotFoundError`` for a model that the server does not have.
    """
    from ._client import Client

    client = client or Client.from_env()
    if isinstance(texts, str):
        return _embed(client, model, [texts])[0]
    every = list(texts)
    if not all(isinstance(text, str) for text in every):
        raise InvalidError("embed takes a string or strings")
    vectors: List[List[float]] = []
    for start in range(0, len(every), _TEXTS_PER_REQUEST):
        vectors += _embed(client, model, every[start : start + _TEXTS_PER_REQUEST])
    return vectors


def _embed(client: Client, model: str, texts: List[str]) -> List[List[float]]:
    request = {"model": model, "input": texts, "encoding_format": "base64"}
    answer = client.json("POST", "/v1/embeddings", request, retry="always", waits=True)
    data = sorted(answer["data"], key=lambda entry: int(entry["index"]))
    if len(data) != len(texts):
        raise InternalError(f"asked for {len(texts)} embeddings, got {len(data)}")
    return [_vector(entry["embedding"]) for entry in data]


def _vector(embedding: Union[str, List[float]]) -> List[float]:
    if not isinstance(embedding, str):
        return embedding
    numbers = array("f", base64.b64decode(embedding))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
