package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteRangeTest {
    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1", "bytes=2-5, 2, 4", "bytes=5-, 5, 5", "bytes=-3, 7, 3",
        "bytes=-99, 0, 10", "bytes=9-99, 9, 1", "bytes = 1 - 2 , 1, 2", "bytes=0-, 0, 10"
    })
    void readsSingleRanges(String header, long offset, long length) {
        assertThat(ByteRange.parse(header, 10)).hasValue(new ByteRange(offset, length, 10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=1-2,4-5",
                "items=1-2",
                "bytes=a-b",
                "bytes=-",
                "bytes",
                "",
                "bytes=5-2",
                "bytes=--3",
                "bytes=1-99999999999999999999"
            })
    void ignoresWhatItDoesNotServe(String header) {
        assertThat(ByteRange.parse(header, 10)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"bytes=10-, 10", "bytes=10-12, 10", "bytes=-0, 10", "bytes=0-, 0", "bytes=-5, 0"})
    void refusesRangesOutside(String header, long size) {
        assertThatThrownBy(() -> ByteRange.parse(header, size))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        e -> {
                            assertThat(e.status()).isEqualTo(416);
                            assertThat(e.headers())
                                    .containsEntry("content-range", "bytes */" + size);
                        });
    }

    @Test
    void comparesTags() {
        EntityTag tag = EntityTag.of("abc");
        assertThat(tag.isIn("\"x\", W/\"abc\"")).isTrue();
        assertThat(tag.isIn("*")).isTrue();
        assertThat(tag.isIn("\"ab\", abc")).isFalse();
        assertThat(tag.is("\"abc\"")).isTrue();
        assertThat(tag.is("W/\"abc\"")).isFalse();
    }
}
