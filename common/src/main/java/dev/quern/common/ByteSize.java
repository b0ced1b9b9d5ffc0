package dev.quern.common;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number of bytes, never negative.
///
/// @param bytes the count, 0 or more
public record ByteSize(long bytes) implements Comparable<ByteSize> {
    private static final Pattern TEXT =
            Pattern.compile("([0-9]{1,18})\\s*(B|KiB|MiB|GiB|TiB)?", Pattern.CASE_INSENSITIVE);
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    /// Checks the count.
    ///
    /// @throws QuernException `INVALID` if `bytes` is negative
    public ByteSize {
        if (bytes < 0) {
            throw QuernException.invalid("byte size must be 0 or more, got " + bytes);
        }
    }

    /// A size in units of 1,024 bytes.
    public static ByteSize ofKibibytes(long count) {
        return new ByteSize(Math.multiplyExact(count, 1L << 10));
    }

    /// A size in units of 1,048,576 bytes.
    public static ByteSize ofMebibytes(long count) {
        return new ByteSize(Math.multiplyExact(count, 1L << 20));
    }

    /// Reads `"4096"`, `"64 KiB"`, `"2GiB"`: a whole number and one of B, KiB, MiB, GiB, TiB.
    ///
    /// @throws QuernException `INVALID` if the text is anything else
    public static ByteSize parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw QuernException.invalid(
                    "byte size must look like 4096, 64KiB, 2MiB or 1GiB, got \""
                            + Names.abbreviate(text)
                            + "\"");
        }
        long scale = 1;
        String unit = matcher.group(2);
        for (int i = 0; unit != null && !UNITS[i].equalsIgnoreCase(unit); i++) {
            scale <<= 10;
        }
        try {
            return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), scale));
        } catch (ArithmeticException e) {
            throw QuernException.invalid("byte size is over 2^63 - 1: \"" + text + "\"");
        }
    }

    @Override
    public int compareTo(ByteSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /// For people: `"512 B"`, `"1.5 MiB"`.
    @Override
    public String toString() {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
