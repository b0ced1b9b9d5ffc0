package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import dev.quern.embed.EmbedInput;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EmbeddingWireTest {
    @Test
    void readsTheFourFormsOfInput() {
        assertThat(EmbeddingWire.inputs("a")).containsExactly(new EmbedInput.Text("a"));
        assertThat(EmbeddingWire.inputs(List.of("a", "b")))
                .containsExactly(new EmbedInput.Text("a"), new EmbedInput.Text("b"));
        assertThat(EmbeddingWire.inputs(List.of(1, 2)))
                .singleElement()
                .isInstanceOfSatisfying(
                        EmbedInput.Tokens.class, t -> assertThat(t.ids()).containsExactly(1, 2));
        assertThat(EmbeddingWire.inputs(List.of(List.of(1), List.of(2, 3)))).hasSize(2);
    }

    @Test
    void refusesOtherInput() {
        for (Object bad :
                List.of(
                        "",
                        List.of(),
                        List.of(List.of()),
                        List.of("a", ""),
                        List.of("a", 1),
                        List.of(1, "a"),
                        List.of(List.of(1), "a"),
                        List.of(-1),
                        List.of(1.5),
                        List.of(5_000_000_000L),
                        List.of(true),
                        3,
                        true,
                        Collections.nCopies(2049, "x"))) {
            assertThatThrownBy(() -> EmbeddingWire.inputs(bad))
                    .as("%s", bad)
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("'input");
        }
    }

    @Test
    void shortensToUnitLength() {
        float[] vector = {0.6f, 0.0f, 0.8f};
        assertThat(EmbeddingWire.shorten(vector, 3)).isSameAs(vector);
        assertThat(EmbeddingWire.shorten(vector, 2)).containsExactly(1f, 0f);
        assertThat(EmbeddingWire.shorten(new float[] {0, 0, 1}, 2)).containsExactly(0f, 0f);
    }

    @Test
    void encodesLittleEndian() {
        byte[] bytes =
                Base64.getDecoder()
                        .decode((String) EmbeddingWire.encode(new float[] {1f, -2f}, true));
        assertThat(bytes).containsExactly(0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0);
        assertThat(EmbeddingWire.encode(new float[] {1f}, false)).isInstanceOf(FloatList.class);
    }
}
