package dev.quern.common;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One configuration key: its name, default and meaning. The same key is written `http-port` in a
/// file, `QUERN_HTTP_PORT` in the environment and `--http-port` as a flag.
///
/// @param <T> the type of its value
/// @param key lower-case words joined by `-`
/// @param fallback the default, as text
/// @param parser from text to value; throws [QuernException] or [IllegalArgumentException] if it
///   cannot
/// @param doc one line for `--print-config` and `--help`
public record Setting<T>(String key, String fallback, Function<String, T> parser, String doc) {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})\\s*(s|m|h|d)");

    /// The name in the environment.
    public String environmentName() {
        return "QUERN_" + key.replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /// A setting that is any text.
    public static Setting<String> text(String key, String fallback, String doc) {
        return new Setting<>(key, fallback, text -> text, doc);
    }

    /// A whole number between two bounds, both allowed.
    public static Setting<Integer> number(
            String key, int fallback, int lowest, int highest, String doc) {
        return new Setting<>(
                key,
                Integer.toString(fallback),
                text -> {
                    int value = Integer.parseInt(text.strip());
                    if (value < lowest || value > highest) {
                        throw new IllegalArgumentException("out of range");
                    }
                    return value;
                },
                doc + " (" + lowest + " to " + highest + ")");
    }

    /// A size such as `64MiB`.
    public static Setting<ByteSize> size(String key, String fallback, String doc) {
        return new Setting<>(key, fallback, ByteSize::parse, doc);
    }

    /// A size between two bounds, both allowed and written the same way.
    public static Setting<ByteSize> size(
            String key, String fallback, String lowest, String highest, String doc) {
        return new Setting<>(
                key,
                fallback,
                text ->
                        between(
                                ByteSize.parse(text),
                                ByteSize.parse(lowest),
                                ByteSize.parse(highest)),
                doc + " (" + lowest + " to " + highest + ")");
    }

    /// A time such as `90s`, `15m`, `6h` or `7d`, between two bounds, both allowed and written the
    /// same way.
    public static Setting<Duration> duration(
            String key, String fallback, String lowest, String highest, String doc) {
        return new Setting<>(
                key,
                fallback,
                text -> between(duration(text), duration(lowest), duration(highest)),
                doc + " (like 90s, 15m, 6h or 7d; " + lowest + " to " + highest + ")");
    }

    private static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a duration");
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }

    private static <C extends Comparable<C>> C between(C value, C lowest, C highest) {
        if (value.compareTo(lowest) < 0 || value.compareTo(highest) > 0) {
            throw new IllegalArgumentException("out of range");
        }
        return value;
    }

    /// `on` or `off`.
    public static Setting<Boolean> toggle(String key, boolean fallback, String doc) {
        return new Setting<>(
                key,
                fallback ? "on" : "off",
                text ->
                        switch (text.strip().toLowerCase(Locale.ROOT)) {
                            case "on" -> true;
                            case "off" -> false;
                            default -> throw new IllegalArgumentException("neither on nor off");
                        },
                doc + " (on or off)");
    }

    /// One of a fixed set of words, which are an enum's constants in lower case.
    public static <E extends Enum<E>> Setting<E> choice(
            String key, E fallback, Class<E> type, String doc) {
        return new Setting<>(
                key,
                fallback.name().toLowerCase(Locale.ROOT),
                text -> Enum.valueOf(type, text.strip().toUpperCase(Locale.ROOT)),
                doc);
    }
}
