package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.BodyCipher.Binding;
import dev.quern.storage.BodyForm.Seal;
import dev.quern.storage.ChunkCodec.Packed;
import dev.quern.storage.PackAppender.ChunkBody;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Turns chunks into what lies in packs and back: compressed first, then encrypted. Thread-safe.
final class BodyCodec implements AutoCloseable {
    private static final double MAX_RUN_SAVING = 0.4;

    private final ChunkCodec codec = new ChunkCodec();
    private final boolean compress;
    private final RandomGenerator random;
    private volatile SpaceKeys keys;

    /// @param compress whether new chunks may be compressed; old ones are read in any case
    /// @param random gives each encrypted chunk its nonce
    /// @param keys until others are bound
    BodyCodec(boolean compress, RandomGenerator random, SpaceKeys keys) {
        this.compress = compress;
        this.random = random;
        this.keys = keys;
    }

    /// Takes the keys of spaces from here on from there.
    void bind(SpaceKeys bound) {
        keys = bound;
    }

    /// The body to store for a chunk.
    ChunkBody encode(SpaceId space, ChunkId id, ByteBuffer raw) {
        Packed packed = compress ? codec.pack(raw) : new Packed(Codec.NONE, raw);
        ByteBuffer body = packed.bytes();
        Optional<DataKey> key = keys.current(space);
        Optional<Seal> seal = key.map(k -> new Seal(k.id(), random.nextLong(), random.nextInt()));
        if (key.isPresent() && seal.isPresent()) {
            Binding binding =
                    new Binding(space, id, packed.codec(), body.remaining(), raw.remaining());
            body = BodyCipher.seal(body, binding, key.get().key(), seal.get());
        }
        int crc = Checksums.crc32c(body);
        return new ChunkBody(
                id,
                body,
                new BodyForm(packed.codec(), body.remaining(), raw.remaining(), crc, seal));
    }

    /// Whether chunks like these are better left as they are, one after the other in a file that
    /// can be mapped: they are not to be encrypted, and packing them would save less than 40 %.
    /// That leaves text to the packs and tensors to the maps.
    boolean isLaidOut(SpaceId space, Iterable<ByteBuffer> chunks) {
        if (keys.current(space).isPresent()) {
            return false;
        }
        double saved = 0;
        long bytes = 0;
        for (ByteBuffer chunk : compress ? chunks : List.<ByteBuffer>of()) {
            saved += codec.estimate(chunk).saving() * chunk.remaining();
            bytes += chunk.remaining();
        }
        return saved <= bytes * MAX_RUN_SAVING;
    }

    /// The chunk of a body whose checksum has been checked, in memory of its own, read-only.
    ///
    /// @throws QuernException `CORRUPT`, naming the pack and the offset, if it is not one;
    ///   `UNAVAILABLE` if its key is not known
    MemorySegment decode(PackRecord record, MemorySegment body, Path pack) {
        String where = "pack " + pack + " at offset " + record.offset();
        BodyForm form = record.form();
        MemorySegment packed = body;
        if (form.seal().isPresent()) {
            Seal seal = form.seal().get();
            int packedBytes = form.storedBytes() - BodyForm.TAG_BYTES;
            Binding binding =
                    new Binding(
                            record.space(),
                            record.id(),
                            form.codec(),
                            packedBytes,
                            form.rawBytes());
            DataKey key = keys.get(record.space(), seal.keyId());
            packed =
                    MemorySegment.ofArray(
                            BodyCipher.open(body.asByteBuffer(), binding, key.key(), seal, where));
        }
        if (form.codec() == Codec.NONE) {
            return packed.asReadOnly();
        }
        byte[] raw =
                codec.unpack(form.codec(), packed.asByteBuffer(), form.rawBytes())
                        .orElseThrow(() ->
                                QuernException.corrupt(
                                        where
                                                + ": chunk "
                                                + record.id()
                                                + " does not unpack to "
                                                + form.rawBytes()
                                                + " bytes"));
        return MemorySegment.ofArray(raw).asReadOnly();
    }

    /// Frees its scratch memory.
    @Override
    public void close() {
        codec.close();
    }
}
