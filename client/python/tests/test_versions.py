import datetime

import pytest

import quern
from quern import exception


@pytest.fixture
def docs(client):
    docs = quern.Collection.from_name("docs", create_if_missing=True, dims=1, client=client)
    docs.upsert([{"id": "a", "vector": [1]}])
    return docs


def test_keeps_lists_and_deletes_snapshots(docs):
    made = docs.snapshot("first")
    assert made == ("first", 7, "2026-01-01T00:00:00Z", 1, 100)
    assert made.rows == 1
    assert docs.snapshots() == [made]
    assert docs.get_snapshot("first") == made
    docs.delete_snapshot("first")
    with pytest.raises(exception.NotFoundError):
        docs.get_snapshot("first")


def test_reads_say_at_what_snapshot(server, docs):
    docs.search(vector=[1], at="first")
    assert server.last_search["at"] == "first"
    docs.count(at="first")
    assert server.last_count == {"at": "first"}
    docs.count()
    assert server.last_count == {}
    docs.get("a", at="first")
    docs.info(at="first")
    assert docs.get("a").id == "a"


def test_reads_at_tokens_and_moments(server, docs):
    docs.search(vector=[1], at=17)
    assert server.last_search["at"] == "17"
    moment = datetime.datetime(2026, 11, 22, 18, 30, tzinfo=datetime.timezone.utc)
    docs.count(at=moment)
    assert server.last_count == {"at": "2026-11-22T18:30:00Z"}
    docs.snapshot("then", at=moment)
    assert server.last_version == {"name": "then", "at": "2026-11-22T18:30:00Z"}


def test_tells_and_sets_the_history(docs):
    assert docs.history() == (3_600, "2026-01-01T00:00:00Z", 3, 1, 9)
    assert docs.set_history(0).since is None
    assert docs.history().seconds == 0


def test_branches_rolls_back_and_renames(server, client, docs):
    docs.snapshot("first")
    docs.upsert([{"id": "b", "vector": [2]}])
    branch = docs.branch("copy", at="first")
    assert branch.name == "copy"
    assert branch.count() == 1
    assert server.last_version == {"name": "copy", "at": "first"}
    docs.branch("other")
    assert server.last_version == {"name": "other"}
    assert docs.rollback("first")["rows"] == 1
    docs.rename("papers")
    assert docs.name == "papers"
    assert docs.count() == 1


def test_sets_lists_and_deletes_aliases(client, docs):
    manager = quern.Collection.objects
    manager.set_alias("live", docs, client=client)
    manager.set_alias("beta", "docs", client=client)
    assert manager.aliases(client=client) == {"beta": "docs", "live": "docs"}
    manager.delete_alias("beta", client=client)
    with pytest.raises(exception.NotFoundError):
        manager.delete_alias("beta", client=client)
