package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PackScannerTest {
    private static final long SALT = 0x1234_5678_9abc_def0L;
    private static final Header HEADER = Header.of(SALT);

    private final ByteBuffer image = ByteBuffer.allocate(8192);
    private final List<PackRecord> written = new ArrayList<>();

    @Test
    void findsNothingInAnEmptyPack() {
        begin();

        assertThat(scan(bytes(), 32)).isEmpty();
    }

    @Test
    void findsTheRecordsFromAnOffsetOn() {
        pack(3);

        assertThat(scan(bytes(), 32)).isEqualTo(written);
        assertThat(scan(bytes(), written.get(1).offset())).isEqualTo(written.subList(1, 3));
        assertThat(scan(bytes(), written.get(2).end())).isEmpty();
    }

    /// Whatever a crash leaves of the last record, the ones before it are found and it is not,
    /// unless all of it is there.
    @Test
    void tornTailAtEveryByteOfTheLastRecord() {
        pack(3);
        PackRecord last = written.getLast();
        int whole = (int) last.bodyOffset() + last.storedBytes();
        for (int cut = (int) last.offset(); cut <= bytes().length; cut++) {
            List<PackRecord> expected = cut < whole ? written.subList(0, 2) : written;
            byte[] zeros = Arrays.copyOf(Arrays.copyOf(bytes(), cut), 8192);
            byte[] rubbish = Chunks.bytes(cut, 8192);
            System.arraycopy(bytes(), 0, rubbish, 0, cut);

            assertThat(scan(Arrays.copyOf(bytes(), cut), 32)).as("cut %d", cut).isEqualTo(expected);
            assertThat(scan(zeros, 32)).as("zeros from %d", cut).isEqualTo(expected);
            assertThat(scan(rubbish, 32)).as("rubbish from %d", cut).isEqualTo(expected);
        }
    }

    @Test
    void stepsOverADamagedRecordAtEveryByte() {
        pack(3);
        PackRecord second = written.get(1);
        int whole = (int) second.bodyOffset() + second.storedBytes();
        for (int at = (int) second.offset(); at < whole; at++) {
            byte[] damaged = bytes();
            damaged[at] ^= 0x10;
            assertThat(scan(damaged, 32))
                    .as("flip at %d", at)
                    .containsExactly(written.get(0), written.get(2));
        }
    }

    @Test
    void tellsWhereThePackIsEmpty() {
        pack(2);
        byte[] padded = Arrays.copyOf(bytes(), 8192);
        byte[] dirty = padded.clone();
        dirty[8000] = 1;

        assertThat(used(padded)).isEqualTo(written.getLast().end());
        assertThat(used(dirty)).isEqualTo(8192);
    }

    @Test
    void aChunkThatLooksLikeARecordIsNone() {
        begin();
        ByteBuffer inner = ByteBuffer.allocate(1000);
        byte[] smuggled = Chunks.bytes(9, 100);
        // A copy of a record of another place, and one that guesses the place but not the salt.
        putRecord(inner, smuggled, 0, SALT);
        long place = 32L + PackFormat.RECORD_BYTES + PackFormat.RECORD_BYTES + 104;
        putRecord(inner, smuggled, place, SALT + 1);
        append(Arrays.copyOf(inner.array(), inner.position()));
        byte[] torn = bytes();
        torn[40] ^= 1; // the outer record's header

        assertThat(scan(torn, 32)).isEmpty();
    }

    @Test
    void usesTheFooterOfASealedPack() {
        pack(3);
        seal();
        byte[] sealed = bytes();
        // With a footer the records themselves are not walked; reads verify them.
        byte[] damaged = sealed.clone();
        damaged[(int) written.get(1).offset()] ^= 1;

        assertThat(scan(sealed, 32)).isEqualTo(written);
        assertThat(scan(sealed, written.get(1).offset())).isEqualTo(written.subList(1, 3));
        assertThat(scan(damaged, 32)).isEqualTo(written);
        assertThat(used(sealed)).isEqualTo(sealed.length);
    }

    @Test
    void walksWhenTheFooterIsDamagedAtAnyByte() {
        pack(3);
        int footer = bytes().length;
        seal();
        for (int at = footer; at < bytes().length; at++) {
            byte[] damaged = bytes();
            damaged[at] ^= 4;
            assertThat(scan(damaged, 32)).as("flip at %d", at).isEqualTo(written);
            assertThat(scan(Arrays.copyOf(bytes(), at), 32)).as("cut %d", at).isEqualTo(written);
        }
    }

    @Test
    void takesAnyBytes() {
        for (int seed = 0; seed < 200; seed++) {
            byte[] any = Chunks.bytes(seed, seed * 7);
            assertThat(scan(any, 32)).isEmpty();
        }
    }

    private void pack(int records) {
        begin();
        for (int i = 0; i < records; i++) {
            append(Chunks.bytes(i, 101 + i));
        }
    }

    private void begin() {
        PackFormat.putHeader(image, 7, SALT);
    }

    private void append(byte[] body) {
        written.add(putRecord(image, body, image.position(), SALT));
    }

    private static PackRecord putRecord(ByteBuffer out, byte[] body, long offset, long salt) {
        PackRecord record =
                new PackRecord(
                        offset,
                        PackFormat.RECORD_BYTES,
                        SPACE,
                        MemoryChunkStore.idOf(body),
                        BodyForm.plain(body.length, Checksums.crc32c(ByteBuffer.wrap(body))));
        PackFormat.putRecord(out, record, salt);
        out.put(body);
        out.position((int) PackFormat.align(out.position()));
        return record;
    }

    private void seal() {
        int footer = image.position();
        for (PackRecord record : written) {
            image.put(image.duplicate().slice((int) record.offset(), PackFormat.RECORD_BYTES));
        }
        int crc = Checksums.crc32c(image.slice(footer, image.position() - footer));
        PackFormat.putTrailer(image, new Footer(footer, written.size()), SALT, crc);
    }

    private byte[] bytes() {
        return Arrays.copyOf(image.array(), image.position());
    }

    private static List<PackRecord> scan(byte[] pack, long from) {
        List<PackRecord> found = new ArrayList<>();
        new PackScanner("test", MemorySegment.ofArray(pack), HEADER).scan(from, found::add);
        return found;
    }

    private static long used(byte[] pack) {
        return new PackScanner("test", MemorySegment.ofArray(pack), HEADER).scan(32, _ -> {});
    }
}
