package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What callers that change volumes may rely on, for any pair of stores.
abstract class VolumeServiceContract extends VolumeReadContract {
    @Test
    void aNewVolumeIsEmpty() {
        VolumeInfo volume = service.get(SPACE, "v");
        assertThat(volume.id()).matches("[0-9a-f]{32}");
        CommitInfo first = service.resolve(SPACE, "v", Optional.empty());
        assertThat(first)
                .isEqualTo(
                        new CommitInfo(
                                volume.head(), Optional.empty(), volume.createdAt(), "", 0, 0));
        assertThat(service.history(SPACE, "v", 10)).containsExactly(first);
        assertThat(fixture.tree("v", volume.head())).isEmpty();
        FileInfo root = service.stat(SPACE, "v", volume.head(), VolumePath.ROOT);
        assertThat(root.directory()).isTrue();
        assertThat(fixture.commit("v")).isEqualTo(first);
    }

    @Test
    void namesAreUniqueInASpaceAndCheckedByTheRule() {
        VolumeInfo volume = service.get(SPACE, "v");
        assertThat(service.create(SPACE, "v", true)).isEqualTo(volume);
        assertKind(ErrorKind.CONFLICT, () -> service.create(SPACE, "v", false), "volume \"v\"");
        assertKind(ErrorKind.INVALID, () -> service.create(SPACE, "a/b", true), "volume name");
        assertKind(ErrorKind.INVALID, () -> service.get(SPACE, ".."), "volume name");
        assertKind(ErrorKind.NOT_FOUND, () -> service.get(SPACE, "w"), "no volume \"w\"");
        assertKind(ErrorKind.NOT_FOUND, () -> service.delete(SPACE, "w"), "no volume \"w\"");
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.put("w", "a", ""), "no volume \"w\"");
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.commit("w"), "no volume \"w\"");
        fixture.create("b");
        fixture.create("a");
        assertThat(service.list(SPACE)).extracting(VolumeInfo::name).containsExactly("a", "b", "v");
    }

    @Test
    void spacesDoNotSeeEachOther() {
        SpaceId other = new SpaceId("other");
        fixture.put("v", "secret", "text");
        CommitId head = fixture.commit("v").id();
        assertThat(service.list(other)).isEmpty();
        service.create(other, "v", false);
        VolumePath path = VolumePath.parse("secret");
        assertKind(ErrorKind.NOT_FOUND, () -> service.stat(other, "v", head, path), "no commit");
        assertKind(
                ErrorKind.NOT_FOUND,
                () -> service.resolve(other, "v", Optional.of(head.hex())),
                "no commit");
    }

    @Test
    void aFileIsSeenAfterTheCommitAndInNoEarlierOne() {
        CommitId before = fixture.head("v");
        StagedPut put = fixture.put("v", "a/b.txt", "hello");
        assertThat(put.path()).isEqualTo(VolumePath.parse("a/b.txt"));
        assertThat(put.sizeBytes()).isEqualTo(5);
        assertThat(put.newBytes()).isEqualTo(5);
        assertThat(put.hash())
                .isEqualTo("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assertThat(fixture.tree("v", fixture.head("v"))).isEmpty();

        CommitInfo commit =
                service.commit(SPACE, "v", new CommitRequest("s", Optional.of(before), "first é"));
        assertThat(commit.parent()).contains(before);
        assertThat(commit.message()).isEqualTo("first é");
        assertThat(commit.files()).isEqualTo(1);
        assertThat(commit.sizeBytes()).isEqualTo(5);
        assertThat(fixture.head("v")).isEqualTo(commit.id());
        assertThat(service.resolve(SPACE, "v", Optional.of("main"))).isEqualTo(commit);
        assertThat(service.resolve(SPACE, "v", Optional.of(before.hex())).id()).isEqualTo(before);
        assertThat(fixture.text("v", commit.id(), "a/b.txt")).isEqualTo("hello");
        assertThat(fixture.tree("v", before)).isEmpty();

        FileInfo info = service.stat(SPACE, "v", commit.id(), VolumePath.parse("a/b.txt"));
        assertThat(info.hash()).isEqualTo(put.hash());
        assertThat(info.sizeBytes()).isEqualTo(5);
        assertThat(info.modifiedAt().orElseThrow()).isBefore(commit.createdAt());
        FileInfo dir = service.stat(SPACE, "v", commit.id(), VolumePath.parse("a"));
        assertThat(dir.directory()).isTrue();
        assertThat(dir.sizeBytes()).isZero();
        assertThat(fixture.put("v", "again", "hello").newBytes()).isZero();
    }

    @Test
    void everythingOutlivesTheProcess() {
        fixture.put("v", "a", "1");
        CommitId first = fixture.commit("v").id();
        fixture.put("v", "b", "2");
        fixture.remove("v", "a", false);
        fixture.reopen();
        service = fixture.service;
        assertThat(service.staged(SPACE, "v", "s"))
                .isEqualTo(
                        new StagedChanges(
                                "s",
                                List.of(VolumePath.parse("b")),
                                List.of(VolumePath.parse("a"))));
        CommitId second = fixture.commit("v").id();
        fixture.reopen();
        service = fixture.service;
        assertThat(fixture.head("v")).isEqualTo(second);
        assertThat(fixture.text("v", first, "a")).isEqualTo("1");
        assertThat(fixture.tree("v", second)).isEqualTo("b\n");
        assertThat(fixture.text("v", second, "b")).isEqualTo("2");
    }

    @Test
    void theLastChangeOfAPathCounts() {
        fixture.put("v", "a", "1");
        fixture.put("v", "a", "2");
        fixture.put("v", "gone", "x");
        assertThat(fixture.remove("v", "gone", false)).isEqualTo(1);
        fixture.put("v", "d/x", "x");
        assertThat(fixture.remove("v", "d", true)).isEqualTo(1);
        fixture.put("v", "d/y", "y");
        CommitId head = fixture.commit("v").id();
        assertThat(fixture.tree("v", head)).isEqualTo("a\nd/y\n");
        assertThat(fixture.text("v", head, "a")).isEqualTo("2");
    }

    @Test
    void removalsCountFilesAndMayReplaceWhatTheyRemove() {
        for (String path : List.of("a/1", "a/2", "a/b/3", "c")) {
            fixture.put("v", path, path);
        }
        fixture.commit("v");
        fixture.put("v", "a/new", "x");
        fixture.remove("v", "a/1", false);
        assertKind(
                ErrorKind.INVALID, () -> fixture.remove("v", "a", false), "directory of 3 files");
        assertThat(fixture.remove("v", "a", true)).isEqualTo(3);
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.remove("v", "a/2", false), "has no \"a/2\"");
        assertKind(ErrorKind.NOT_FOUND, () -> fixture.remove("v", "c/d", true), "has no \"c/d\"");
        fixture.put("v", "a", "now a file");
        CommitId head = fixture.commit("v").id();
        assertThat(fixture.tree("v", head)).isEqualTo("a\nc\n");
        assertThat(service.remove(SPACE, "v", "s", VolumePath.ROOT, true)).isEqualTo(2);
        assertThat(fixture.commit("v").files()).isZero();
        assertThat(service.remove(SPACE, "v", "s", VolumePath.ROOT, true)).isZero();
    }

    @Test
    void aDirectoryGoesWithItsLastFile() {
        fixture.put("v", "a/b/c", "1");
        fixture.commit("v");
        fixture.remove("v", "a/b/c", false);
        CommitInfo head = fixture.commit("v");
        assertThat(head.files()).isZero();
        assertKind(
                ErrorKind.NOT_FOUND,
                () -> service.stat(SPACE, "v", head.id(), VolumePath.parse("a")),
                "has no \"a\"");
    }

    @Test
    void aPathIsNeverBothFileAndDirectory() {
        fixture.put("v", "a", "file");
        assertKind(ErrorKind.CONFLICT, () -> fixture.put("v", "a/b", ""), "\"a\" is a file");
        fixture.commit("v");
        assertKind(ErrorKind.CONFLICT, () -> fixture.put("v", "a/b/c", ""), "\"a\" is a file");
        fixture.put("v", "d/x", "1");
        assertKind(ErrorKind.CONFLICT, () -> fixture.put("v", "d", ""), "directory of 1 files");
        fixture.commit("v");
        assertKind(ErrorKind.CONFLICT, () -> fixture.put("v", "d", ""), "directory of 1 files");
        fixture.remove("v", "d/x", false);
        fixture.put("v", "d", "now a file");
        fixture.remove("v", "a", false);
        fixture.put("v", "a/b", "now in a directory");
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEqualTo("a/b\nd\n");
    }

    @Test
    void aConflictWithAMovedHeadKeepsTheChangesStaged() {
        fixture.put("v", "a/b", "mine");
        service.put(SPACE, "v", "other", VolumePath.parse("a"), bytes("theirs"));
        service.commit(SPACE, "v", CommitRequest.of("other", ""));
        assertKind(
                ErrorKind.CONFLICT,
                () -> fixture.commit("v"),
                "cannot put \"a/b\": \"a\" is a file");
        assertThat(service.staged(SPACE, "v", "s").puts()).containsExactly(VolumePath.parse("a/b"));
        fixture.remove("v", "a", true);
        fixture.put("v", "a/b", "mine");
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEqualTo("a/b\n");

        fixture.put("v", "x", "a file");
        service.put(SPACE, "v", "other", VolumePath.parse("x/y"), bytes("theirs"));
        service.commit(SPACE, "v", CommitRequest.of("other", ""));
        assertKind(ErrorKind.CONFLICT, () -> fixture.commit("v"), "\"x\": it is a directory of 1");
        service.discard(SPACE, "v", "s");
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
    }

    @Test
    void removingAFileNeverRemovesTheDirectoryThatTookItsPlace() {
        fixture.put("v", "a", "file");
        fixture.commit("v");
        fixture.remove("v", "a", false);
        service.remove(SPACE, "v", "other", VolumePath.parse("a"), false);
        service.put(SPACE, "v", "other", VolumePath.parse("a/b"), bytes("theirs"));
        service.commit(SPACE, "v", CommitRequest.of("other", ""));
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEqualTo("a/b\n");
    }

    @Test
    void sessionsAreApart() {
        fixture.put("v", "a", "1");
        service.put(SPACE, "v", "other", VolumePath.parse("b"), bytes("2"));
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEqualTo("a\n");
        service.discard(SPACE, "v", "other");
        assertThat(service.staged(SPACE, "v", "other").isEmpty()).isTrue();
        assertKind(
                ErrorKind.INVALID,
                () -> service.staged(SPACE, "v", "a b"),
                "session name must be 1 to 63");
    }

    @Test
    void anExpectedHeadThatIsNotHeadIsAConflict() {
        CommitId first = fixture.head("v");
        fixture.put("v", "a", "1");
        CommitId second = fixture.commit("v").id();
        fixture.put("v", "b", "2");
        assertKind(
                ErrorKind.CONFLICT,
                () -> service.commit(SPACE, "v", new CommitRequest("s", Optional.of(first), "")),
                "must be " + first + ", is " + second);
        assertThat(service.staged(SPACE, "v", "s").puts()).hasSize(1);
        service.commit(SPACE, "v", new CommitRequest("s", Optional.of(second), ""));
    }

    @Test
    void changesThatMakeNoDifferenceMakeNoCommit() {
        fixture.put("v", "a", "1");
        CommitInfo head = fixture.commit("v");
        fixture.put("v", "a", "1");
        fixture.put("v", "b", "2");
        fixture.remove("v", "b", false);
        assertThat(fixture.commit("v")).isEqualTo(head);
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
        assertThat(service.history(SPACE, "v", 10)).hasSize(2);
    }

    @Test
    void commitsBelongToOneVolume() {
        fixture.create("w");
        fixture.put("w", "a", "1");
        CommitId foreign = fixture.commit("w").id();
        String forged = "0".repeat(64);
        for (String at : List.of(foreign.hex(), forged)) {
            assertKind(
                    ErrorKind.NOT_FOUND,
                    () -> service.resolve(SPACE, "v", Optional.of(at)),
                    "has no commit " + at);
        }
        for (String at : List.of("branch", "../x", "A".repeat(64), forged + "0")) {
            assertKind(
                    ErrorKind.NOT_FOUND,
                    () -> service.resolve(SPACE, "v", Optional.of(at)),
                    "no branch or commit");
        }
        // A file that looks like a commit of this volume is none.
        CommitInfo head = service.resolve(SPACE, "v", Optional.empty());
        Commit fake =
                new Commit(
                        service.get(SPACE, "v").id(),
                        Optional.of(head.id()),
                        Content.EMPTY_HASH,
                        head.createdAt(),
                        "",
                        0,
                        0);
        StagedPut put = fixture.put("v", "fake", CommitFormat.encode(fake));
        assertKind(
                ErrorKind.NOT_FOUND,
                () -> service.resolve(SPACE, "v", Optional.of(put.hash())),
                "has no commit");
    }

    @Test
    void aVolumeThatTakesADeletedNameIsNew() {
        fixture.put("v", "a", "1");
        CommitId old = fixture.commit("v").id();
        fixture.put("v", "staged", "2");
        String oldId = service.get(SPACE, "v").id();
        service.delete(SPACE, "v");
        assertThat(service.list(SPACE)).isEmpty();
        VolumeInfo volume = fixture.create("v");
        assertThat(volume.id()).isNotEqualTo(oldId);
        assertThat(volume.head()).isNotEqualTo(old);
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
        assertThat(service.history(SPACE, "v", 10)).hasSize(1);
        assertKind(
                ErrorKind.NOT_FOUND,
                () -> service.resolve(SPACE, "v", Optional.of(old.hex())),
                "has no commit");
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEmpty();
    }

    @Test
    void boundsMessages() {
        String message = "é".repeat(4096);
        fixture.put("v", "a", "1");
        CommitInfo commit = service.commit(SPACE, "v", CommitRequest.of("s", message));
        assertThat(service.resolve(SPACE, "v", Optional.empty())).isEqualTo(commit);
        assertThat(commit.message()).isEqualTo(message);
        assertKind(
                ErrorKind.INVALID,
                () -> CommitRequest.of("s", message + "x"),
                "at most 4096 characters, got 4097");
        assertKind(ErrorKind.INVALID, () -> CommitRequest.of("s", "\uD800"), "valid Unicode");
    }

    @Test
    void manyStagedFilesAreOneCommit() {
        int count = fixture.isDurable() ? 600 : 3_000;
        for (int i = 0; i < count; i++) {
            String name = "d" + i % 7 + "/a-name-that-is-not-short-at-all-" + i;
            fixture.put("v", name, i % 10 == 0 ? "" : "x" + i % 3);
        }
        CommitInfo commit = fixture.commit("v");
        assertThat(commit.files()).isEqualTo(count);
        assertThat(fixture.tree("v", commit.id()).lines()).hasSize(count);
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
    }
}
