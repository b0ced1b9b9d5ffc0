package dev.quern.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GlobTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "** a true",
                "** a/b/c.md true",
                "* a true",
                "* a/b false",
                "*.md README.md true",
                "*.md docs/README.md false",
                "**/*.md README.md true",
                "**/*.md a/b/README.md true",
                "**/*.md a/b/README.txt false",
                "docs/** docs/a/b true",
                "docs/** docs false",
                "docs/** docs2/a false",
                "docs/**/x.md docs/x.md true",
                "docs/**/x.md docs/a/b/x.md true",
                "docs/**/x.md docs/a/b/yx.md false",
                "a**z a/b/z true",
                "a**z az true",
                "?.txt a.txt true",
                "?.txt 😀.txt true",
                "?.txt ab.txt false",
                "a?b a/b false",
                "[a-c]x bx true",
                "[a-c]x dx false",
                "[!a-c]x dx true",
                "[!a-c]x bx false",
                "[]]x ]x true",
                "x[!a]y x/y false",
                "*.{md,txt} a.txt true",
                "*.{md,txt} a.rst false",
                "{a,b}/{c,d}/* b/c/x true",
                "{a,b}/{c,d}/* b/e/x false",
                "a{,b} a true",
                "[{]x {x true",
                "\\*x *x true",
                "\\*x ax false",
            })
    void matches(String glob, String path, boolean expected) {
        assertThat(Glob.parse(glob).matches(path)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/a", "{a", "[a", "a\\", "[!"})
    void refusesWhatMakesNoSense(String glob) {
        assertThatThrownBy(() -> Glob.parse(glob))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void costIsBounded() {
        assertThatThrownBy(() -> Glob.parse("{a,b}".repeat(7))).hasMessageContaining("64");
        assertThatThrownBy(() -> Glob.parse("a".repeat(1_025))).hasMessageContaining("1024");
        Glob worst = Glob.parse("**a".repeat(300) + "b");
        assertThat(worst.matches("a".repeat(4_096))).isFalse();
        for (String path : List.of("", "a", "/")) {
            assertThat(Glob.parse("**").matches(path)).isTrue();
        }
    }
}
