package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.Txn.Mutation;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyTest {
    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "\0", "\ud800", "x\udc00y"})
    void refusesWhatCannotBeEncoded(String component) {
        assertThatThrownBy(() -> Key.of("ok", component))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void refusesNoComponents() {
        assertThatThrownBy(Key::of)
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void startsWithWholeComponents() {
        Key key = Key.of("a", "bc");

        assertThat(key.startsWith(key)).isTrue();
        assertThat(key.startsWith(Key.of("a"))).isTrue();
        assertThat(key.startsWith(Key.of("a", "b"))).isFalse();
        assertThat(Key.of("a").startsWith(key)).isFalse();
    }

    @Test
    void deleteThroughStaysUnderItsPrefix() {
        assertThatThrownBy(() -> new Mutation.DeleteThrough(Key.of("a"), Key.of("b")))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void numbersSortByValue() {
        long[] numbers = {0, 9, 10, 255, 256, 1L << 40, Long.MAX_VALUE};
        for (int i = 1; i < numbers.length; i++) {
            assertThat(Key.number(numbers[i - 1])).isLessThan(Key.number(numbers[i]));
        }
        assertThatThrownBy(() -> Key.number(-1))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
    }

    /// Bytes that are no UTF-8 are refused, the character that stands for them is not.
    @Test
    void tellsBadBytesFromTheReplacementCharacter() {
        Key key = Key.of("a", "x\uFFFDy", "\uD83D\uDE00");
        byte[] bytes = KeyFormat.encode(key);
        assertThat(KeyFormat.decode(bytes, 0, bytes.length)).isEqualTo(key);

        byte[] bad = {'a', (byte) 0xFF, 'b', 0};
        assertThatThrownBy(() -> KeyFormat.decode(bad, 0, bad.length))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT));
    }

    @Test
    void bytesKeepOrderAndRoundTrip() {
        List<Key> ordered =
                List.of(
                        Key.of(""),
                        Key.of("", ""),
                        Key.of("", "a"),
                        Key.of("a"),
                        Key.of("a", ""),
                        Key.of("a", "z", "z"),
                        Key.of("a\u0001"),
                        Key.of("ab"),
                        Key.of("\u00e9"),
                        Key.of("\uffee"),
                        Key.of("\ud83d\ude00"));
        for (int i = 0; i < ordered.size(); i++) {
            byte[] bytes = KeyFormat.encode(ordered.get(i));
            assertThat(KeyFormat.decode(bytes, 0, bytes.length)).isEqualTo(ordered.get(i));
            if (i > 0) {
                byte[] before = KeyFormat.encode(ordered.get(i - 1));
                assertThat(Arrays.compareUnsigned(before, bytes)).isNegative();
            }
        }
    }

    @Test
    void otherBytesAreCorrupt() {
        for (byte[] bytes : new byte[][] {{}, {'a'}, {(byte) 0xff, 0}, {'a', 0, 'b'}}) {
            assertThatThrownBy(() -> KeyFormat.decode(bytes, 0, bytes.length))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT));
        }
    }
}
