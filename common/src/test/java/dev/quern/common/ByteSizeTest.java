package dev.quern.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({"0,0", "4096,4096", "64KiB,65536", "2 MiB,2097152", "1gib,1073741824", "7 B,7"})
    void parses(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1.5GiB", "1 GB", "9999999999999999999", "99999999999 TiB"})
    void refusesOtherText(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining(text);
    }

    @Test
    void readsWellToPeople() {
        assertThat(new ByteSize(512)).hasToString("512 B");
        assertThat(ByteSize.ofKibibytes(1536)).hasToString("1.5 MiB");
    }
}
