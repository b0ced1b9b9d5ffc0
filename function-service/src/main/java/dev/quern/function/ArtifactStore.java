package dev.quern.function;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// Keeps artifacts: chunks of 4 MiB, and a fact at `artifact / ID` with their names (JSON:
/// `sizeBytes`, `chunks`). Thread-safe.
final class ArtifactStore {
    static final long MAX_BYTES = 256L << 20;
    private static final int CHUNK_BYTES = 4 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ChunkStore chunks;
    private final MetaLog facts;

    private record Manifest(long sizeBytes, List<String> chunks) {
        /// Checks the ids of the chunks.
        Manifest {
            chunks = List.copyOf(chunks);
            chunks.forEach(ChunkId::new);
        }
    }

    ArtifactStore(ChunkStore chunks, MetaLog facts) {
        this.chunks = chunks;
        this.facts = facts;
    }

    /// Stores what a stream holds, one chunk in memory at a time.
    ArtifactInfo put(SpaceId space, InputStream bytes) {
        try (ChunkPins _ = chunks.pinWrites(space)) {
            return receive(space, bytes);
        }
    }

    private ArtifactInfo receive(SpaceId space, InputStream bytes) {
        MessageDigest digest = sha256();
        List<String> names = new ArrayList<>();
        long size = 0;
        Txn.Builder txn = Txn.in(space);
        try {
            for (byte[] part = bytes.readNBytes(CHUNK_BYTES);
                    part.length > 0;
                    part = bytes.readNBytes(CHUNK_BYTES)) {
                size += part.length;
                if (size > MAX_BYTES) {
                    throw QuernException.invalid(
                            "artifact must be at most " + MAX_BYTES + " bytes, more came");
                }
                digest.update(part);
                ChunkId chunk = chunks.put(space, MemorySegment.ofArray(part)).id();
                txn.require(chunk);
                names.add(chunk.hex());
            }
        } catch (IOException e) {
            throw QuernException.invalid("artifact was not received whole: " + e.getMessage());
        }
        if (size == 0) {
            throw QuernException.invalid("artifact must not be empty");
        }
        ArtifactId id = new ArtifactId(HexFormat.of().formatHex(digest.digest()));
        chunks.sync();
        facts.commit(txn.put(key(id), encode(new Manifest(size, names))).build());
        return new ArtifactInfo(id, size);
    }

    /// Whether the space has it.
    boolean contains(SpaceId space, ArtifactId id) {
        return facts.find(space, key(id)).isPresent();
    }

    /// Writes an artifact's bytes.
    ///
    /// @throws QuernException `NOT_FOUND` if the space has no such artifact
    void copy(SpaceId space, ArtifactId id, OutputStream to) throws IOException {
        Optional<MetaLog.Fact> fact = facts.find(space, key(id));
        if (fact.isEmpty()) {
            throw QuernException.notFound("artifact " + id + " is not in space " + space);
        }
        for (ChunkId chunk : chunks(fact.get().value(), id)) {
            try (ChunkLease lease = chunks.open(space, chunk)) {
                to.write(lease.bytes().toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    /// The chunks in the value of an artifact's fact.
    static List<ChunkId> chunks(byte[] value, ArtifactId id) {
        return decode(value, id).chunks.stream().map(ChunkId::new).toList();
    }

    private static Key key(ArtifactId id) {
        return Key.of("artifact", id.hex());
    }

    private static byte[] encode(Manifest manifest) {
        try {
            return JSON.writeValueAsBytes(manifest);
        } catch (JsonProcessingException e) {
            throw QuernException.internal("artifact manifest not encoded", e);
        }
    }

    private static Manifest decode(byte[] value, ArtifactId id) {
        try {
            Manifest manifest = JSON.readValue(value, Manifest.class);
            if (manifest == null) {
                throw QuernException.corrupt("fact of artifact " + id + " is null");
            }
            return manifest;
        } catch (IOException e) {
            throw QuernException.corrupt("fact of artifact " + id + ": " + e.getMessage());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("SHA-256 is missing", e);
        }
    }
}
