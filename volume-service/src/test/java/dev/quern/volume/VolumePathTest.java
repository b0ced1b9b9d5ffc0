package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VolumePathTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "a/b/c.txt",
                "...",
                "..a",
                "a..",
                ".hidden",
                "a b",
                "C:\\temp\\..\\x",
                "\\",
                "~",
                "-rf",
                "%2e%2e",
                "日本語/ß/🜁",
                "a\u200Eb",
                "*?\"<>|",
            })
    void takesOrdinaryNames(String text) {
        VolumePath path = VolumePath.parse(text);
        assertThat(path.value()).isEqualTo(text);
        assertThat(String.join("/", path.components())).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/etc/passwd",
                "a/",
                "a//b",
                "//a",
                ".",
                "..",
                "../a",
                "a/../b",
                "a/..",
                "./a",
                "a/./b",
                "a/.",
                "a\0b",
                "\0",
                "a\nb",
                "a\tb",
                "a\u001Bb",
                "a\u007Fb",
                "a\u0085b",
                "\uD800",
                "a/\uDC00\uD800",
                "a\uD83D",
            })
    void refusesTraversalAndControlCharacters(String text) {
        assertThatThrownBy(() -> VolumePath.parse(text))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> {
                            assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
                            assertThat(e.getMessage()).doesNotContain("\0", "\n");
                        });
    }

    @Test
    void boundsLengthsInBytes() {
        assertThat(VolumePath.parse("x".repeat(255)).name()).hasSize(255);
        assertThat(VolumePath.parse("é".repeat(127)).name()).hasSize(127);
        for (String text : List.of("x".repeat(256), "a/" + "é".repeat(128), "🜁".repeat(64))) {
            assertThatThrownBy(() -> VolumePath.parse(text)).hasMessageContaining("255 bytes");
        }
        String deep = "a/".repeat(2047) + "ab";
        assertThat(VolumePath.parse(deep).components()).hasSize(2048);
        assertThatThrownBy(() -> VolumePath.parse(deep + "c")).hasMessageContaining("4096 bytes");
        assertThatThrownBy(() -> VolumePath.parse("é/".repeat(1500) + "é"))
                .hasMessageContaining("4096 bytes");
        assertThatThrownBy(() -> VolumePath.parse("x".repeat(100_000_000)))
                .hasMessageContaining("4096 bytes");
    }

    @Test
    void knowsItsParts() {
        VolumePath path = VolumePath.parse("a/b/c");
        assertThat(path.name()).isEqualTo("c");
        assertThat(path.parent()).contains(VolumePath.parse("a/b"));
        assertThat(VolumePath.parse("a").parent()).contains(VolumePath.ROOT);
        assertThat(VolumePath.ROOT.parent()).isEmpty();
        assertThat(VolumePath.ROOT.components()).isEmpty();
        assertThat(VolumePath.ROOT.child("a").child("b")).isEqualTo(VolumePath.parse("a/b"));
        assertThat(path.isWithin(VolumePath.parse("a/b"))).isTrue();
        assertThat(path.isWithin(path)).isTrue();
        assertThat(path.isWithin(VolumePath.ROOT)).isTrue();
        assertThat(VolumePath.parse("ab/c").isWithin(VolumePath.parse("a"))).isFalse();
    }

    @Test
    void ordersByComponentAndBytes() {
        List<VolumePath> ordered = new ArrayList<>();
        for (String text :
                List.of(
                        "", "A", "a", "a/b", "a/b/c", "a/ü", "a b", "a.txt", "aa", "b", "ü",
                        "\uFF5E", "🜁")) {
            ordered.add(VolumePath.parse(text));
        }
        List<VolumePath> shuffled = new ArrayList<>(ordered);
        Collections.shuffle(shuffled);
        Collections.sort(shuffled);
        assertThat(shuffled).isEqualTo(ordered);
        for (VolumePath a : ordered) {
            for (VolumePath b : ordered) {
                int byBytes =
                        Arrays.compareUnsigned(
                                a.value().replace('/', '\0').getBytes(StandardCharsets.UTF_8),
                                b.value().replace('/', '\0').getBytes(StandardCharsets.UTF_8));
                assertThat(Integer.signum(a.compareTo(b))).isEqualTo(Integer.signum(byBytes));
            }
        }
    }
}
