package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackAppender.ChunkBody;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BodyCodecTest {
    private static final Path PACK = Path.of("test.pack");

    /// The keys that the golden files need too: 32 bytes, all the id.
    static final SpaceKeys KEYS =
            new SpaceKeys() {
                @Override
                public Optional<DataKey> current(SpaceId space) {
                    return Optional.of(get(space, 7));
                }

                @Override
                public DataKey get(SpaceId space, int keyId) {
                    byte[] key = new byte[32];
                    Arrays.fill(key, (byte) keyId);
                    return new DataKey(keyId, key);
                }
            };

    private final BodyCodec codec = new BodyCodec(true, new Random(1), KEYS);

    @AfterEach
    void close() {
        codec.close();
    }

    @Test
    void decodesWhatItEncoded() {
        for (byte[] raw :
                new byte[][] {{5}, Chunks.bytes(1, 5000), Chunks.words(1, 9000), Chunks.floats()}) {
            PackRecord record = encode(raw);
            assertThat(record.form().seal().orElseThrow().keyId()).isEqualTo(7);
            assertThat(decode(record)).isEqualTo(raw);
        }
    }

    @Test
    void sameBytesNeverLookTheSame() {
        byte[] raw = Chunks.bytes(1, 100);
        encode(raw);
        byte[] first = stored.toArray(ValueLayout.JAVA_BYTE);
        encode(raw);

        assertThat(stored.toArray(ValueLayout.JAVA_BYTE)).isNotEqualTo(first);
    }

    /// Even with a checksum made to match, a body fits nothing but its own record.
    @Test
    void bodyIsBoundToSpaceChunkCodecAndLengths() {
        PackRecord record = encode(Chunks.words(1, 9000));
        BodyForm form = record.form();
        ChunkId id = record.id();
        ChunkId wrong = MemoryChunkStore.idOf(Chunks.text("another"));
        assertRefused(new PackRecord(0, 152, OTHER, id, form));
        assertRefused(new PackRecord(0, 152, SPACE, wrong, form));
        assertRefused(with(record, Codec.ZSTD_BY_2, form.rawBytes(), form.seal()));
        assertRefused(with(record, form.codec(), form.rawBytes() + 1, form.seal()));
        BodyForm.Seal seal = form.seal().orElseThrow();
        BodyForm.Seal otherKey = new BodyForm.Seal(8, seal.nonceHigh(), seal.nonceLow());
        BodyForm.Seal otherNonce = new BodyForm.Seal(7, seal.nonceHigh(), seal.nonceLow() + 1);
        assertRefused(with(record, form.codec(), form.rawBytes(), Optional.of(otherKey)));
        assertRefused(with(record, form.codec(), form.rawBytes(), Optional.of(otherNonce)));
        byte[] flipped = stored.toArray(ValueLayout.JAVA_BYTE);
        flipped[3] ^= 1;
        stored = MemorySegment.ofArray(flipped);
        assertRefused(record);
    }

    private MemorySegment stored = MemorySegment.NULL;

    private PackRecord encode(byte[] raw) {
        ChunkId id = MemoryChunkStore.idOf(raw);
        ChunkBody body = codec.encode(SPACE, id, ByteBuffer.wrap(raw));
        stored = MemorySegment.ofBuffer(body.bytes());
        return new PackRecord(0, 152, SPACE, id, body.form());
    }

    private static PackRecord with(
            PackRecord record, Codec codec, int rawBytes, Optional<BodyForm.Seal> seal) {
        BodyForm form =
                new BodyForm(codec, record.storedBytes(), rawBytes, record.form().crc(), seal);
        return new PackRecord(0, 152, record.space(), record.id(), form);
    }

    private byte[] decode(PackRecord record) {
        return codec.decode(record, stored, PACK).toArray(ValueLayout.JAVA_BYTE);
    }

    private void assertRefused(PackRecord record) {
        assertThatThrownBy(() -> decode(record))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("test.pack at offset 0");
    }
}
