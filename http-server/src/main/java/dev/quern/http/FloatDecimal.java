package dev.quern.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Reads a number of JSON as the nearest float, the same as [Float#parseFloat], where that takes
/// one multiplication; says so where it does not. Keeps what it read last. Not thread-safe.
///
/// Up to 18 digits are a long. As a double it is off by half a unit in its last place at most, and
/// so are the power of ten and their product: by [#SLACK] together at most. The double then has the
/// same nearest float as the number, unless it lies within that of the middle between two floats.
///
/// The usual shape is one digit, a point, and 8 to 16 digits: those are two longs, and there is no
/// branch that depends on the sign or on how many digits there are, as processors cannot foretell
/// these.
final class FloatDecimal {
    private static final int MAX_DIGITS = 18;
    private static final int MAX_POWER = 40;
    private static final int MAX_LENGTH = 64;

    /// Bits of a double beyond those of a float.
    private static final int REST_BITS = 29;

    /// In units of a double's last place.
    private static final long SLACK = 4;

    /// Powers of ten from `-MAX_POWER` on.
    private static final double[] POWERS = new double[2 * MAX_POWER + 1];

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /// The digit 0 in each byte.
    private static final long ZEROS = 0x3030_3030_3030_3030L;

    private static final long[] WHOLE_POWERS = {
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000
    };

    /// Bytes of the usual shape and what comes after it.
    private static final int USUAL_BYTES = 3 + 2 * Long.BYTES + 1;

    static {
        for (int i = -MAX_POWER; i <= MAX_POWER; i++) {
            POWERS[i + MAX_POWER] = Double.parseDouble("1e" + i);
        }
    }

    private float value;

    /// Reads the number that begins at `from` and ends before a comma, a bracket or a space.
    ///
    /// @param end of the bytes that there are
    /// @return where it ends; -1 if there is no such number, or not all of it, or it takes more
    int read(byte[] bytes, int from, int end) {
        if (from + USUAL_BYTES <= end) {
            int after = readUsual(bytes, from);
            if (after > 0) {
                return after;
            }
        }
        return readAny(bytes, from, end);
    }

    /// Where a number of the usual shape ends, or -1.
    private int readUsual(byte[] bytes, int from) {
        int negative = (((bytes[from] & 0xFF) ^ '-') - 1) >>> 31;
        int whole = bytes[from + negative] - '0';
        int at = from + negative + 2;
        long first = (long) LONGS.get(bytes, at);
        if (bytes[at - 1] != '.' || whole < 0 || whole > 9 || digits(first) < Long.BYTES) {
            return -1;
        }
        at += Long.BYTES;
        long second = (long) LONGS.get(bytes, at);
        int count = digits(second);
        at += count;
        long leading = whole * WHOLE_POWERS[Long.BYTES] + value(first, Long.BYTES);
        long digits = leading * WHOLE_POWERS[count] + value(second, count);
        return isEnd(bytes[at]) && scale(negative, digits, -Long.BYTES - count) ? at : -1;
    }

    private int readAny(byte[] bytes, int from, int end) {
        int at = from;
        boolean negative = at < end && bytes[at] == '-';
        at += negative ? 1 : 0;
        long digits = 0;
        int start = at;
        while (at < end && isDigit(bytes[at])) {
            digits = digits * 10 + (bytes[at++] - '0');
        }
        int whole = at - start;
        if (whole == 0 || whole > MAX_DIGITS || (whole > 1 && bytes[start] == '0')) {
            return -1;
        }
        int power = 0;
        if (at < end && bytes[at] == '.') {
            int point = ++at;
            // Zeros in front are no digits of the product.
            while (digits == 0 && at < end && bytes[at] == '0') {
                at++;
            }
            int significant = at;
            while (at < end && isDigit(bytes[at])) {
                digits = digits * 10 + (bytes[at++] - '0');
            }
            int leading = whole == 1 && bytes[start] == '0' ? 0 : whole;
            if (at == point || leading + at - significant > MAX_DIGITS) {
                return -1;
            }
            power = point - at;
        }
        if (at < end && (bytes[at] | 0x20) == 'e') {
            int sign = at + 1 < end && bytes[at + 1] == '-' ? -1 : 1;
            at += at + 1 < end && (bytes[at + 1] == '-' || bytes[at + 1] == '+') ? 2 : 1;
            int exponent = 0;
            int first = at;
            while (at < end && isDigit(bytes[at]) && at < first + 3) {
                exponent = exponent * 10 + (bytes[at++] - '0');
            }
            if (at == first) {
                return -1;
            }
            power += sign * exponent;
        }
        boolean ended = at < end && isEnd(bytes[at]) && at - from <= MAX_LENGTH;
        return ended && scale(negative ? 1 : 0, digits, power) ? at : -1;
    }

    private static boolean isEnd(byte value) {
        return value == ',' || value == ']' || value == ' ';
    }

    /// How many of eight bytes are digits before the first that is none.
    private static int digits(long word) {
        // A digit has 3 in its upper half, and still has when 6 is added.
        long upper = 0xF0F0_F0F0_F0F0_F0F0L;
        long odd = ((word & upper) ^ ZEROS) | (((word + 0x0606_0606_0606_0606L) & upper) ^ ZEROS);
        // A sum that overflows a byte spoils only those after it.
        return Long.numberOfTrailingZeros(odd) / Byte.SIZE;
    }

    /// The number that the first `count` bytes are the digits of; 0 for none.
    private static long value(long word, int count) {
        // The first digit is in the lowest byte: those left out become zeros in front.
        // In two halves, as one of 64 bits would be none.
        int half = (Long.BYTES - count) * (Byte.SIZE / 2);
        long digits = ((word ^ ZEROS) << half) << half;
        long pairs = (digits * 10 + (digits >>> 8)) & 0x00FF_00FF_00FF_00FFL;
        long fours = (pairs * 100 + (pairs >>> 16)) & 0x0000_FFFF_0000_FFFFL;
        return (fours * 10_000 + (fours >>> 32)) & 0xFFFF_FFFFL;
    }

    private static boolean isDigit(byte value) {
        return value >= '0' && value <= '9';
    }

    /// Sets the value, if that is easy.
    ///
    /// @param negative 1 or 0
    private boolean scale(int negative, long digits, int power) {
        if (digits == 0) {
            value = 0;
            return negative == 0;
        }
        if (Math.abs(power) > MAX_POWER) {
            return false;
        }
        double product = digits * POWERS[power + MAX_POWER];
        long rest = Double.doubleToRawLongBits(product) & ((1L << REST_BITS) - 1);
        if (Math.abs(rest - (1L << (REST_BITS - 1))) <= SLACK
                || product < Float.MIN_NORMAL
                || product > Float.MAX_VALUE) {
            return false;
        }
        value = (float) (product * (1 - 2 * negative));
        return true;
    }

    /// What [#read] read.
    float value() {
        return value;
    }
}
