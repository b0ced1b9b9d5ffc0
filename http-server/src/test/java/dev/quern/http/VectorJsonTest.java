package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.SearchRows;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Vectors in JSON are read as Java reads their numbers, wherever buffers end, and what is wrong is
/// told as for any other list.
final class VectorJsonTest {
    /// Gives no more than some bytes at once.
    private static final class Trickle extends InputStream {
        private final InputStream in;
        private final int step;

        Trickle(byte[] bytes, int step) {
            this.in = new ByteArrayInputStream(bytes);
            this.step = step;
        }

        @Override
        public int read() throws IOException {
            return in.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return in.read(target, offset, Math.min(step, length));
        }
    }

    private static List<Float> read(String list, int step, Charset charset) {
        byte[] json = ("{\"vector\":" + list + ",\"limit\":3}").getBytes(charset);
        try {
            SearchRows rows = Json.read(new Trickle(json, step), SearchRows.class);
            assertThat(rows.limit()).isEqualTo(3);
            return Objects.requireNonNull(rows.vector());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Float> read(String list) {
        return read(list, Integer.MAX_VALUE, StandardCharsets.UTF_8);
    }

    private static void reads(List<String> numbers, int step) {
        List<Float> expected = numbers.stream().map(Float::parseFloat).toList();
        assertThat(read(numbers.toString(), step, StandardCharsets.UTF_8))
                .usingElementComparator((a, b) ->
                        Integer.compare(Float.floatToRawIntBits(a), Float.floatToRawIntBits(b)))
                .isEqualTo(expected);
    }

    /// In the forms of Java, Python and others, with as many digits as they have or more.
    private static String number(RandomGenerator random) {
        float value = Float.intBitsToFloat(random.nextInt());
        float small = (random.nextFloat() - 0.5f) * random.nextInt(1, 100);
        return switch (random.nextInt(9)) {
            case 0 -> Float.isFinite(value) ? Float.toString(value) : "1";
            case 1 -> Float.toString(small);
            case 2 -> Double.toString(small);
            case 3 -> Double.toString((random.nextDouble() - 0.5) / random.nextInt(1, 1_000_000));
            case 4 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 5 -> String.format(Locale.ROOT, "%." + random.nextInt(1, 30) + "f", small);
            case 6 -> Float.toString(small).replace("E", random.nextBoolean() ? "e" : "e+0");
            case 7 -> between(small);
            default ->
                    String.format(Locale.ROOT, "%de%d", random.nextInt(), random.nextInt(-50, 25));
        };
    }

    /// A number in or next to the middle between two floats, where rounding twice goes wrong.
    private static String between(float small) {
        double middle = (small + (double) Math.nextUp(small)) / 2;
        double near = small < 0 ? Math.nextUp(middle) : Math.nextDown(middle);
        return Double.toString(Math.abs(small) > 1 ? middle : near);
    }

    @Test
    void readsNumbersAsJavaDoes() {
        long seed = Long.getLong("quern.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<String> numbers = new ArrayList<>();
            for (int i = random.nextInt(1_500); i > 0; i--) {
                numbers.add(number(random).replace("e+0-", "e-").replace("-0.0", "0.0"));
            }
            try {
                reads(numbers, round % 2 == 0 ? Integer.MAX_VALUE : random.nextInt(1, 3_000));
            } catch (AssertionError e) {
                throw new AssertionError("rerun with -Dquern.test.seed=" + seed, e);
            }
        }
    }

    @Test
    void readsEdgesOfFloats() {
        reads(
                List.of(
                        "0",
                        "0.0",
                        "-0.0",
                        "0e9",
                        "1",
                        "-1",
                        "1.0",
                        "1e0",
                        "1E+2",
                        "-1.5e-3",
                        "3.4028234663852886e38",
                        "3.4028235e38",
                        "-3.4028235677973362e38",
                        "1.17549435e-38",
                        "1.17549421069244107548702944484928734882705242874589333385717453057158887047561890426550235133618116378784179687500e-38",
                        "1.4e-45",
                        "7.0e-46",
                        "1e-400",
                        "16777217",
                        "16777217.0",
                        "16777219.0",
                        "9007199254740993",
                        "123456789012345678",
                        "1234567890123456789",
                        "0.1000000014901161193847656251",
                        "0.10000000149011612",
                        "1.00000017881393432617187499",
                        "1.00000017881393432617187500",
                        "1.00000017881393432617187501",
                        "1.000000059604644775390625"),
                Integer.MAX_VALUE);
    }

    @Test
    void readsAnyLayout() {
        List<Float> expected = List.of(1f, -2.5f, 3000f);
        assertThat(read("[1,-2.5,3e3]")).isEqualTo(expected);
        assertThat(read(" [  1 ,  -2.5  ,3e3  ] ")).isEqualTo(expected);
        assertThat(read("[\n\t1,\r\n -2.5\n,\n3e3\n]")).isEqualTo(expected);
        assertThat(read("[]")).isEmpty();
        assertThat(read("[ ]")).isEmpty();
        assertThat(read("[1,-2.5,3e3]", 1, StandardCharsets.UTF_8)).isEqualTo(expected);
        assertThat(read("[1,-2.5,3e3]", 9, StandardCharsets.UTF_16BE)).isEqualTo(expected);
        assertThat(read("[1,-2.5,3e3]", 9, StandardCharsets.UTF_16LE)).isEqualTo(expected);
        assertThat(read("[1,-2.5,3e3]", 9, Charset.forName("UTF-32BE"))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[1,]",
                "[,1]",
                "[1 2]",
                "[01]",
                "[-]",
                "[+1]",
                "[1.]",
                "[.5]",
                "[1e]",
                "[1e+]",
                "[1,2",
                "[1,2}",
                "[--1]",
                "[1.2.3]",
                "[1e5.0]",
                "[1,null]",
                "[1,\"2\"]",
                "[1,[2]]",
                "[1,NaN]",
                "[1,1e39]",
                "[1,-1e39]",
                "[0x1]",
                "[1,true]",
                "[1a]",
                "[1,2e3000]"
            })
    void refusesWhatIsNoNumber(String list) {
        assertThatThrownBy(() -> read(list))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void namesTheNumberThatIsWrong() {
        String many = "0.5,".repeat(3_000);
        assertThatThrownBy(() -> read("[" + many + "null,1]")).hasMessageContaining("vector[3000]");
        assertThatThrownBy(() -> read("[" + many + "1e99,1]")).hasMessageContaining("vector[3000]");
        assertThatThrownBy(() -> read("[1,2,]")).hasMessageContaining("']'");
    }
}
