package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.FileContent;
import dev.quern.volume.FileInfo;
import dev.quern.volume.StagedPut;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/// The bytes of files: uploads go from the socket into the chunker, downloads from the stored chunk
/// to the socket, neither ever whole in memory.
final class FileRoutes {
    private static final String TEMPLATE = "/v1/volumes/{volume}/files/{path...}";

    private final VolumeService volumes;
    private final RequestIds ids;

    FileRoutes(VolumeService volumes, RequestIds ids) {
        this.volumes = volumes;
        this.ids = ids;
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", TEMPLATE, this::read),
                Route.of("PUT", TEMPLATE, this::put),
                Route.of("DELETE", TEMPLATE, this::remove));
    }

    private Reply put(Request request) {
        Query query = request.query().allow("session", "commit");
        VolumePath path = path(request);
        Staged<StagedPut> put =
                stage(
                        request,
                        query,
                        session ->
                                volumes.put(
                                        request.space(),
                                        request.path("volume"),
                                        session,
                                        path,
                                        request.body()),
                        "Put " + path);
        return Reply.json(VolumeWire.staged(put.result(), put.commit()));
    }

    private Reply remove(Request request) {
        Query query = request.query().allow("session", "recursive", "commit");
        VolumePath path = path(request);
        boolean recursive = query.flag("recursive", false);
        Staged<Integer> removal =
                stage(
                        request,
                        query,
                        session ->
                                volumes.remove(
                                        request.space(),
                                        request.path("volume"),
                                        session,
                                        path,
                                        recursive),
                        "Remove " + path);
        return Reply.json(VolumeWire.removal(removal.result(), removal.commit()));
    }

    private record Staged<T>(T result, Optional<CommitInfo> commit) {}

    /// Stages a change and, when asked, commits it. Without a session of the caller's it is
    /// committed in one of its own, so that what others have staged stays staged.
    private <T> Staged<T> stage(
            Request request, Query query, Function<String, T> change, String message) {
        Optional<String> named = query.text("session");
        if (!query.flag("commit", false)) {
            return new Staged<>(
                    change.apply(named.orElse(VolumeRoutes.DEFAULT_SESSION)), Optional.empty());
        }
        String volume = request.path("volume");
        String session = named.orElseGet(() -> "once-" + ids.of(null));
        T result = change.apply(session);
        try {
            CommitInfo commit =
                    volumes.commit(request.space(), volume, CommitRequest.of(session, message));
            return new Staged<>(result, Optional.of(commit));
        } catch (QuernException e) {
            if (named.isEmpty()) {
                discard(request.space(), volume, session, e);
            }
            throw e;
        }
    }

    private void discard(SpaceId space, String volume, String session, QuernException cause) {
        try {
            volumes.discard(space, volume, session);
        } catch (QuernException e) {
            cause.addSuppressed(e);
        }
    }

    private Reply read(Request request) {
        Optional<String> at = request.query().allow("at").text("at");
        String volume = request.path("volume");
        VolumePath path = path(request);
        CommitId commit = volumes.resolve(request.space(), volume, at).id();
        FileInfo file = volumes.stat(request.space(), volume, commit, path);
        if (file.directory()) {
            throw QuernException.invalid(
                    "\"" + path + "\" is a directory; list it with /list?path=" + path);
        }
        EntityTag tag = EntityTag.of(file.hash());
        if (request.header("if-none-match").map(tag::isIn).orElse(false)) {
            return describe(Reply.empty(304), file, tag, commit);
        }
        Optional<ByteRange> range = range(request, file, tag);
        long offset = range.map(ByteRange::offset).orElse(0L);
        long length = range.map(ByteRange::lengthBytes).orElse(file.sizeBytes());
        Reply reply =
                new Reply(
                        range.isPresent() ? 206 : 200,
                        Map.of(),
                        new Reply.Streamed(
                                "application/octet-stream",
                                OptionalLong.of(length),
                                sink -> {
                                    try (FileContent content =
                                            volumes.open(request.space(), volume, commit, path)) {
                                        send(content, offset, length, sink);
                                    }
                                }));
        Reply described = describe(reply, file, tag, commit);
        return range.isPresent()
                ? described.with("content-range", range.get().contentRange())
                : described;
    }

    /// Ranges are for `GET` alone.
    private static Optional<ByteRange> range(Request request, FileInfo file, EntityTag tag) {
        boolean wanted =
                request.method().equals("GET")
                        && request.header("if-range").map(tag::is).orElse(true);
        return wanted
                ? request.header("range").flatMap(r -> ByteRange.parse(r, file.sizeBytes()))
                : Optional.empty();
    }

    private static Reply describe(Reply reply, FileInfo file, EntityTag tag, CommitId commit) {
        Reply described =
                reply.with("etag", tag.value())
                        .with("accept-ranges", "bytes")
                        .with("x-content-type-options", "nosniff")
                        .with("x-quern-commit", commit.hex());
        return file.modifiedAt().isPresent()
                ? described.with("last-modified", HttpDate.format(file.modifiedAt().get()))
                : described;
    }

    private static void send(FileContent content, long offset, long length, ResponseSink sink)
            throws IOException {
        try {
            content.forEachSegment(
                    offset,
                    length,
                    segment -> {
                        try {
                            sink.sendDirect(segment);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static VolumePath path(Request request) {
        VolumePath path = VolumePath.parse(request.path("path"));
        if (path.isRoot()) {
            throw QuernException.invalid("path must name a file, got nothing");
        }
        return path;
    }
}
