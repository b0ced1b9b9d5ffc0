"""The unmodified openai client against the server."""

import base64

import numpy
import openai
import pytest

MODEL = "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key=server.token, max_retries=0)


def test_embeds_strings_and_lists(client):
    one = client.embeddings.create(model=MODEL, input="a mill in the granary")
    many = client.embeddings.create(model=MODEL, input=["a mill in the granary", "tomatoes", "grain is ground"])
    assert one.model and one.usage.prompt_tokens == one.usage.total_tokens > 3
    assert [item.index for item in many.data] == [0, 1, 2]
    vectors = numpy.array([item.embedding for item in many.data])
    assert vectors.shape == (3, 384)
    assert numpy.allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert numpy.allclose(one.data[0].embedding, vectors[0], atol=1e-5)
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1]


def test_float_and_base64_agree(client):
    as_float = client.embeddings.create(model=MODEL, input="x", encoding_format="float").data[0].embedding
    as_text = client.embeddings.create(model=MODEL, input="x", encoding_format="base64").data[0].embedding
    if isinstance(as_text, str):
        as_text = numpy.frombuffer(base64.b64decode(as_text), dtype="<f4")
    assert numpy.allclose(as_float, as_text, atol=1e-6)


def test_token_arrays_match_text(client):
    # 101 and 153 frame a text in this model's vocabulary; 7592 2088 is "hello world"
    text = client.embeddings.create(model=MODEL, input="hello world").data[0].embedding
    tokens = client.embeddings.create(model=MODEL, input=[[101, 7592, 2088, 102]]).data[0].embedding
    single = client.embeddings.create(model=MODEL, input=[101, 7592, 2088, 102]).data[0].embedding
    assert numpy.allclose(tokens, single, atol=1e-6)
    assert numpy.allclose(text, tokens, atol=1e-5)


def test_dimensions(client):
    short = client.embeddings.create(model=MODEL, input="x", dimensions=128).data[0].embedding
    assert len(short) == 128 and abs(numpy.linalg.norm(short) - 1) < 1e-5
    with pytest.raises(openai.BadRequestError) as error:
        client.embeddings.create(model=MODEL, input="x", dimensions=385)
    assert "dimensions" in str(error.value)


def test_lists_models(client):
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


def test_errors_are_openais(client, server):
    with pytest.raises(openai.NotFoundError) as missing:
        client.embeddings.create(model="no-such-model", input="x")
    assert missing.value.code == "model_not_found" and "no-such-model" in str(missing.value)
    with pytest.raises(openai.AuthenticationError) as denied:
        openai.OpenAI(base_url=server.url + "/v1", api_key="wrong", max_retries=0).models.list()
    assert denied.value.code == "invalid_api_key" and "wrong" not in denied.value.message.replace("wrong", "", 0).split()
    for bad in ("", [], ["ok", ""], [[]], [[10**9]], ["x"] * 2049):
        with pytest.raises(openai.BadRequestError) as invalid:
            client.embeddings.create(model=MODEL, input=bad)
        assert invalid.value.type == "invalid_request_error", bad
