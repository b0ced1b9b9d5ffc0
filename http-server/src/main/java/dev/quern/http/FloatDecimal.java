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
/// Digits after the point are taken eight at a time as one long, those left over as a part of one,
/// so that there is no branch that depends on how many there are.
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
            if (at + 2 * Long.BYTES <= end) {
                long word = (long) LONGS.get(bytes, at);
                int count = digits(word);
                digits = digits * WHOLE_POWERS[count] + value(word, count);
                at += count;
                if (count == Long.BYTES) {
                    word = (long) LONGS.get(bytes, at);
                    count = digits(word);
                    digits = digits * WHOLE_POWERS[count] + value(word, count);
                    at += count;
                }
            }
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
        boolean ended = at < end && (bytes[at] == ',' || bytes[at] == ']' || bytes[at] == ' ');
        return ended && at - from <= MAX_LENGTH && scale(negative, digits, power) ? at : -1;
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
        long digits =
                count == 0 ? 0 : ((word ^ ZEROS) << (Long.SIZE - count * Byte.SIZE));
        long pairs = (digits * 10 + (digits >>> 8)) & 0x00FF_00FF_00FF_00FFL;
        long fours = (pairs * 100 + (pairs >>> 16)) & 0x0000_FFFF_0000_FFFFL;
        return (fours * 10_000 + (fours >>> 32)) & 0xFFFF_FFFFL;
    }

    private static boolean isDigit(byte value) {
        return value >= '0' && value <= '9';
    }

    /// Sets the value, if that is easy.
    private boolean scale(boolean negative, long digits, int power) {
        if (digits == 0) {
            value = 0;
            return !negative;
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
        value = (float) (negative ? -product : product);
        return true;
    }

    /// What [#read] read.
    float value() {
        return value;
    }
}
