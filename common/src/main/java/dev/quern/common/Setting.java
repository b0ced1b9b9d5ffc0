package dev.quern.common;

import java.util.Locale;
import java.util.function.Function;

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
