package dev.quern.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SettingsTest {
    private static final Setting<Integer> PORT =
            Setting.number("http-port", 7700, 0, 65_535, "HTTP port");
    private static final Setting<ByteSize> CACHE = Setting.size("cache", "1GiB", "cache size");

    private static Settings load(
            Map<String, String> file, Map<String, String> environment, Map<String, String> flags) {
        return Settings.load(
                List.of(PORT, CACHE),
                new Settings.Sources(
                        "a.properties", file, environment, List.of("QUERN_URL"), flags));
    }

    @Test
    void laterPlacesWin() {
        assertThat(load(Map.of(), Map.of(), Map.of()).get(PORT)).isEqualTo(7700);
        assertThat(load(Map.of("http-port", "1"), Map.of(), Map.of()).get(PORT)).isEqualTo(1);
        Map<String, String> environment =
                Map.of("QUERN_HTTP_PORT", "2", "HOME", "/", "QUERN_URL", "x");
        assertThat(load(Map.of("http-port", "1"), environment, Map.of()).get(PORT)).isEqualTo(2);
        Settings all = load(Map.of("http-port", "1"), environment, Map.of("http-port", "3"));
        assertThat(all.get(PORT)).isEqualTo(3);
        assertThat(all.get(CACHE)).isEqualTo(ByteSize.ofMebibytes(1024));
    }

    @Test
    void refusesUnknownKeysWhereverTheyComeFrom() {
        assertThatThrownBy(() -> load(Map.of("htpp-port", "1"), Map.of(), Map.of()))
                .hasMessageContaining("htpp-port")
                .hasMessageContaining("a.properties")
                .hasMessageContaining("http-port");
        assertThatThrownBy(() -> load(Map.of(), Map.of("QUERN_PORT", "1"), Map.of()))
                .hasMessageContaining("QUERN_PORT");
        assertThatThrownBy(() -> load(Map.of(), Map.of(), Map.of("port", "1")))
                .hasMessageContaining("command line");
    }

    @Test
    void namesTheKeyAndThePlaceOfABadValue() {
        assertThatThrownBy(() -> load(Map.of(), Map.of("QUERN_HTTP_PORT", "70000"), Map.of()))
                .isInstanceOf(QuernException.class)
                .hasMessage(
                        "setting http-port (environment): HTTP port (0 to 65535); got \"70000\"");
    }

    @Test
    void printsWhereEachValueCameFrom() {
        assertThat(load(Map.of(), Map.of(), Map.of("cache", "2GiB")).print())
                .contains("cache=2GiB")
                .contains("from command line")
                .contains("from default");
    }

    @Test
    void readsDurationsSwitchesAndBoundedSizes() {
        Setting<Duration> grace = Setting.duration("grace", "1h", "0s", "365d", "grace");
        Setting<Boolean> zip = Setting.toggle("zip", true, "zip");
        Setting<ByteSize> kept = Setting.size("kept", "1GiB", "1MiB", "2GiB", "kept");
        List<Setting<?>> all = List.of(grace, zip, kept);
        assertThat(with(all, Map.of()).get(grace)).isEqualTo(Duration.ofHours(1));
        assertThat(with(all, Map.of("grace", "90 s")).get(grace)).isEqualTo(Duration.ofSeconds(90));
        assertThat(with(all, Map.of("grace", "7D")).get(grace)).isEqualTo(Duration.ofDays(7));
        assertThat(with(all, Map.of("zip", "off")).get(zip)).isFalse();
        assertThat(with(all, Map.of("kept", "2GiB")).get(kept).bytes()).isEqualTo(2L << 30);
        Map<String, String> wrong = Map.of("grace", "366d", "zip", "yes", "kept", "3GiB");
        wrong.forEach((key, value) ->
                assertThatThrownBy(() -> with(all, Map.of(key, value)))
                        .isInstanceOf(QuernException.class)
                        .hasMessageContaining(key));
        for (String value : List.of("", "soon", "5", "-1s", "1w", "9999999999s")) {
            assertThatThrownBy(() -> with(all, Map.of("grace", value)))
                    .hasMessage(
                            "setting grace (command line): grace (like 90s, 15m, 6h or 7d; 0s to"
                                    + " 365d); got \""
                                    + value
                                    + "\"");
        }
    }

    private static Settings with(List<Setting<?>> known, Map<String, String> flags) {
        return Settings.load(
                known, new Settings.Sources("f", Map.of(), Map.of(), List.of(), flags));
    }
}
