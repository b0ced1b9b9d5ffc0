import io

import pytest
from fake_server import Refusal

import quern
from quern import exception


@pytest.fixture
def docs(client):
    return quern.Volume.from_name("docs", create_if_missing=True, client=client)


def files_of(server, name="docs"):
    return server.volumes[name][-1]["files"]


def test_naming_a_volume_makes_no_request(server, client):
    quern.Volume.from_name("docs", create_if_missing=True, client=client)
    assert server.requests == []


def test_unknown_volume_is_not_found_at_first_use(client):
    with pytest.raises(exception.NotFoundError, match="docs"):
        quern.Volume.from_name("docs", client=client).listdir()


def test_puts_are_seen_after_commit_only(server, docs):
    docs.put("a/b.txt", b"one")
    docs.put("/c d+é?.txt", "zwei")
    assert files_of(server) == {}
    commit = docs.commit("first")
    assert files_of(server) == {"a/b.txt": b"one", "c d+é?.txt": b"zwei"}
    assert (commit.message, commit.files, commit.size_bytes) == ("first", 2, 7)
    assert docs.get("c d+é?.txt") == b"zwei"
    assert commit.id == docs.info()["head"] == docs.history()[0].id


def test_two_objects_stage_apart(server, docs, client):
    other = quern.Volume.from_name("docs", client=client)
    docs.put("mine", b"1")
    other.put("theirs", b"2", commit=True)
    assert files_of(server) == {"theirs": b"2"}
    docs.discard()
    docs.commit()
    assert files_of(server) == {"theirs": b"2"}


def test_commit_onto_another_head_is_a_conflict(docs):
    head = docs.commit().id
    docs.put("a", b"1", commit=True)
    with pytest.raises(exception.ConflictError):
        docs.commit(expected_head=head)


@pytest.mark.parametrize("path", ["", "a//b", "../a", "a/./b", "a/..", "/"])
def test_paths_that_are_none_are_refused_here(server, docs, path):
    with pytest.raises(exception.InvalidError, match="path"):
        docs.put(path, b"")
    assert server.sent("PUT *") == []


def test_put_file_streams_paths_and_open_files(server, docs, tmp_path):
    big = b"0123456789abcdef" * 300_000
    (tmp_path / "big").write_bytes(big)
    docs.put_file(tmp_path / "big", "by-path")
    with open(tmp_path / "big", "rb") as file:
        file.seek(16)
        docs.put_file(file, "by-file")
    docs.put_file(Unseekable(b"xyz"), "by-stream")
    docs.commit()
    stored = files_of(server)
    assert stored["by-path"] == big
    assert stored["by-file"] == big[16:]
    assert stored["by-stream"] == b"xyz"


class Unseekable(io.BytesIO):
    def seekable(self):
        return False


def test_a_broken_upload_is_sent_again_when_it_can_be(server, docs, tmp_path):
    docs.reload()
    server.fail_next("PUT *", "break")
    docs.put_file(io.BytesIO(b"again"), "a", commit=True)
    assert files_of(server)["a"] == b"again"
    server.fail_next("PUT *", "break")
    with pytest.raises(exception.ConnectionError):
        docs.put_file(Unseekable(b"once"), "b")


def test_a_broken_download_goes_on_where_it_stopped(server, docs):
    data = bytes(range(256)) * 1000
    docs.put("big", data, commit=True)
    server.cut_download_after = 100_001
    assert docs.get("big") == data
    assert len(server.sent("GET */files/big")) == 2


def test_a_download_stays_at_its_commit(server, docs):
    docs.put("big", b"old" * 1000, commit=True)
    server.cut_download_after = 500
    chunks = docs.read_file("big")
    first = next(chunks)
    docs.put("big", b"new" * 1000, commit=True)
    assert first + b"".join(chunks) == b"old" * 1000


def test_get_file_replaces_only_with_the_whole_file(server, docs, tmp_path):
    docs.put("a", b"content", commit=True)
    target = tmp_path / "a"
    target.write_text("before")
    server.fail_next("GET */files/a", Refusal(500, "CORRUPT", "chunk does not match"))
    with pytest.raises(exception.CorruptError):
        docs.get_file("a", target)
    assert target.read_text() == "before"
    assert docs.get_file("a", target) == 7
    assert target.read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    out = io.BytesIO()
    assert docs.get_file("a", out) == 7
    assert out.getvalue() == b"content"


def test_missing_file_is_not_found(docs):
    with pytest.raises(exception.NotFoundError):
        docs.get("nothing")
    assert not docs.exists("nothing")


def test_lists_directories_page_by_page(server, docs, monkeypatch):
    monkeypatch.setattr("quern.volume._PAGE_ENTRIES", 2)
    for name in ("x", "sub/a", "sub/deep/b", "y"):
        docs.put(name, b"12")
    docs.commit()
    assert [entry.path for entry in docs.listdir()] == ["sub", "x", "y"]
    names = ["sub/a", "sub/deep/b", "x", "y"]
    assert [entry.path for entry in docs.listdir("/", recursive=True)] == names
    assert [entry.path for entry in docs.iterdir("/sub/")] == names[:2]
    file, folder = docs.listdir("sub")
    assert (folder.type, folder.path) == (quern.FileEntryType.DIRECTORY, "sub/deep")
    assert (file.type, file.size, file.mtime) == ("file", 2, 1767323045)
    with pytest.raises(exception.NotFoundError):
        docs.listdir("nowhere")


def test_a_listing_is_of_one_commit(server, docs, monkeypatch):
    monkeypatch.setattr("quern.volume._PAGE_ENTRIES", 1)
    docs.put("a", b"")
    docs.put("b", b"")
    docs.commit()
    listing = docs.iterdir()
    assert next(listing).path == "a"
    docs.remove_file("b")
    assert next(listing).path == "b"


def test_at_reads_an_old_commit(docs):
    docs.put("a", b"old", commit=True)
    old = docs.history(1)[0].id
    docs.put("a", b"new", commit=True)
    assert docs.at(old).get("a") == b"old"
    assert docs.at(old)._mount() == {"volume": "docs", "at": old}
    assert docs.get("a") == b"new"


def test_remove_file_commits_only_itself(server, docs):
    docs.put("a/1", b"")
    docs.put("a/2", b"")
    docs.put("b", b"", commit=True)
    docs.put("staged", b"")
    assert docs.remove_file("a", recursive=True) == 2
    assert set(files_of(server)) == {"b"}
    docs.remove_file("b", commit=False)
    assert set(files_of(server)) == {"b"}
    docs.commit()
    assert set(files_of(server)) == {"staged"}


def test_batch_upload_commits_all_at_once(server, docs, tmp_path):
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_text("a")
    (tmp_path / "tree" / "sub" / "b.txt").write_text("b")
    commits = len(docs.history())
    with docs.batch_upload() as batch:
        batch.put_directory(tmp_path / "tree", "/up")
        batch.put_directory(tmp_path / "tree", "flat", recursive=False)
        batch.put_file(tmp_path / "tree" / "a.txt", "named/")
        batch.put_file(io.BytesIO(b"bytes"), "io")
    assert files_of(server) == {
        "up/a.txt": b"a",
        "up/sub/b.txt": b"b",
        "flat/a.txt": b"a",
        "named/a.txt": b"a",
        "io": b"bytes",
    }
    assert len(docs.history()) == commits + 1


def test_batch_upload_replaces_nothing_unless_forced(server, docs):
    docs.put("a", b"old", commit=True)
    with pytest.raises(FileExistsError, match="force=True"), docs.batch_upload() as batch:
        batch.put_file(io.BytesIO(b"new"), "a")
        batch.put_file(io.BytesIO(b"other"), "b")
    assert files_of(server) == {"a": b"old"}
    assert not any(server.staged.values())
    with docs.batch_upload(force=True) as batch:
        batch.put_file(io.BytesIO(b"new"), "a")
    assert files_of(server) == {"a": b"new"}


def test_batch_upload_sends_nothing_after_an_error(server, docs, tmp_path):
    with pytest.raises(FileNotFoundError), docs.batch_upload() as batch:
        batch.put_file(io.BytesIO(b"new"), "a")
        batch.put_file(tmp_path / "missing", "b")
    assert server.sent("PUT *") == []


def test_objects_creates_lists_and_deletes(client):
    objects = quern.Volume.objects
    objects.create("b", client=client)
    objects.create("a", client=client)
    with pytest.raises(exception.ConflictError):
        objects.create("a", client=client)
    objects.create("a", allow_existing=True, client=client)
    assert [volume.name for volume in objects.list(client=client)] == ["a", "b"]
    objects.delete("a", client=client)
    objects.delete("a", allow_missing=True, client=client)
    with pytest.raises(exception.NotFoundError):
        objects.delete("a", client=client)
