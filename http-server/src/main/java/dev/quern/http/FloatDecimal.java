package dev.quern.http;

/// Reads a number of JSON as the nearest float, the same as [Float#parseFloat], where that takes
/// one multiplication; says so where it does not. Keeps what it read last. Not thread-safe.
///
/// Up to 18 digits are a long. As a double it is off by half a unit in its last place at most, and
/// so are the power of ten and their product: by [#SLACK] together at most. The double then has the
/// same nearest float as the number, unless it lies within that of the middle between two floats.
final class FloatDecimal {
    private static final int MAX_DIGITS = 18;
    private static final int MAX_POWER = 40;
    private static final int MAX_LENGTH = 64;

    /// Bits of a double beyond those of a float.
    private static final int REST_BITS = 29;

    /// In units of a double's last place.
    private static final long SLACK = 4;

    private static final double[] POWERS = new double[MAX_POWER + 1];

    static {
        for (int i = 0; i <= MAX_POWER; i++) {
            POWERS[i] = Double.parseDouble("1e" + i);
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
        double product = power < 0 ? digits / POWERS[-power] : digits * POWERS[power];
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
