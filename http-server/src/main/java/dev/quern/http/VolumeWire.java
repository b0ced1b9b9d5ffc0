package dev.quern.http;

import dev.quern.common.wire.CommitBody;
import dev.quern.common.wire.FileEntry;
import dev.quern.common.wire.FileList;
import dev.quern.common.wire.StagedFile;
import dev.quern.common.wire.VolumeBody;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.FileInfo;
import dev.quern.volume.FilePage;
import dev.quern.volume.StagedChanges;
import dev.quern.volume.StagedPut;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumePath;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Volumes, files and commits as the wire has them.
final class VolumeWire {
    private VolumeWire() {}

    /// Answer to `DELETE /v1/volumes/{volume}/files/{path}`.
    ///
    /// @param removed files that the removal takes away
    /// @param commit the commit, when the request asked to commit at once
    record StagedRemoval(int removed, @Nullable CommitBody commit) {}

    /// `GET /v1/volumes/{volume}/staged`.
    ///
    /// @param session its name
    /// @param puts paths that the next commit adds or replaces
    /// @param removes paths that it removes before
    record StagedBody(String session, List<String> puts, List<String> removes) {}

    static VolumeBody volume(VolumeInfo info) {
        return new VolumeBody(
                info.name(), info.id(), info.createdAt().toString(), info.head().hex());
    }

    static CommitBody commit(CommitInfo info) {
        return new CommitBody(
                info.id().hex(),
                info.parent().map(CommitId::hex).orElse(null),
                info.createdAt().toString(),
                info.message(),
                info.files(),
                info.sizeBytes());
    }

    static FileList files(CommitId at, FilePage page) {
        return new FileList(
                at.hex(),
                page.files().stream().map(VolumeWire::entry).toList(),
                page.next().map(VolumePath::value).orElse(null));
    }

    private static FileEntry entry(FileInfo info) {
        return new FileEntry(
                info.path().value(),
                info.directory() ? "directory" : "file",
                info.sizeBytes(),
                info.hash(),
                info.modifiedAt().map(Instant::toString).orElse(null));
    }

    static StagedFile staged(StagedPut put, Optional<CommitInfo> commit) {
        return new StagedFile(
                put.path().value(),
                put.sizeBytes(),
                put.hash(),
                put.newBytes(),
                commit.map(VolumeWire::commit).orElse(null));
    }

    static StagedRemoval removal(int removed, Optional<CommitInfo> commit) {
        return new StagedRemoval(removed, commit.map(VolumeWire::commit).orElse(null));
    }

    static StagedBody changes(StagedChanges changes) {
        return new StagedBody(
                changes.session(),
                changes.puts().stream().map(VolumePath::value).toList(),
                changes.removes().stream().map(VolumePath::value).toList());
    }
}
