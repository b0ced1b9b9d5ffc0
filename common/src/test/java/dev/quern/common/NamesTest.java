package dev.quern.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "docs", "my-volume_2.x", "0", "Weights"})
    void takes(String name) {
        assertThat(Names.require("volume", name)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "-a", "a/b", "a b", "ä", "a\0b"})
    void refuses(String name) {
        assertThatThrownBy(() -> Names.require("volume", name))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageStartingWith("volume name must be");
    }

    @Test
    void refusesLongNamesWithoutRepeatingThemWhole() {
        assertThatThrownBy(() -> Names.require("volume", "x".repeat(10_000)))
                .isInstanceOf(QuernException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }
}
