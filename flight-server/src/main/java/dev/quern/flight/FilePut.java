package dev.quern.flight;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.CommitBody;
import dev.quern.common.wire.StagedFile;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.StagedPut;
import dev.quern.volume.VolumeService;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Receives a file: streams it into the volume, then commits it unless told otherwise. Thread-safe.
///
/// The metadata of the first message may say `{"session": NAME, "commit": true|false}`. Without a
/// session the file gets one of its own and is committed; with one it is staged, and committed
/// together with all else that the session has staged only when `commit` is true.
final class FilePut {
    private final VolumeService volumes;
    private final RandomGenerator random;

    FilePut(VolumeService volumes, RandomGenerator random) {
        this.volumes = volumes;
        this.random = random;
    }

    /// Receives the file to its end.
    ///
    /// @return what was stored, durable
    /// @throws QuernException `INVALID`, `NOT_FOUND`, `CONFLICT`, `EXHAUSTED`
    StagedFile receive(SpaceId space, Target.File target, PutStream batches) {
        if (target.at().isPresent()) {
            throw QuernException.invalid(
                    "files are written at the head of the volume: leave the commit \""
                            + Names.abbreviate(target.at().get())
                            + "\" out of the descriptor");
        }
        FlightSchemas.requireFile(batches.batch().getSchema());
        Options options =
                batches.firstMetadata()
                        .map(json -> FlightJson.read("DoPut metadata", json, Options.class))
                        .orElse(new Options(null, null));
        String named = options.session();
        boolean own = named == null;
        if (own && Boolean.FALSE.equals(options.commit())) {
            throw QuernException.invalid(
                    "DoPut metadata says \"commit\": false without a \"session\" to stage in");
        }
        String session =
                named == null
                        ? "flight-" + HexFormat.of().toHexDigits(random.nextLong())
                        : Names.require("session", named);
        StagedPut staged =
                volumes.put(
                        space,
                        target.volume(),
                        session,
                        target.path(),
                        new PutInputStream(batches));
        boolean commit = options.commit() == null ? own : options.commit();
        return new StagedFile(
                staged.path().value(),
                staged.sizeBytes(),
                staged.hash(),
                staged.newBytes(),
                commit ? commit(space, target, session, own) : null);
    }

    private CommitBody commit(SpaceId space, Target.File target, String session, boolean own) {
        String message = "put " + Names.abbreviate(target.path().value());
        try {
            CommitInfo commit =
                    volumes.commit(space, target.volume(), CommitRequest.of(session, message));
            return new CommitBody(
                    commit.id().hex(),
                    commit.parent().map(CommitId::hex).orElse(null),
                    commit.createdAt().toString(),
                    commit.message(),
                    commit.files(),
                    commit.sizeBytes());
        } catch (QuernException e) {
            if (own) {
                // Nobody knows the session's name: what it holds could never be committed.
                discard(space, target, session, e);
            }
            throw e;
        }
    }

    private void discard(SpaceId space, Target.File target, String session, QuernException cause) {
        try {
            volumes.discard(space, target.volume(), session);
        } catch (QuernException e) {
            cause.addSuppressed(e);
        }
    }

    /// The metadata of the first message.
    ///
    /// @param session where to stage; null for a session of its own
    /// @param commit whether to commit; null for the default
    record Options(@Nullable String session, @Nullable Boolean commit) {}
}
