package dev.quern.vector;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.OptionalLong;

/// Comparing 64-bit integers and finite doubles by value, without rounding.
final class Numbers {
    private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    private Numbers() {}

    /// Whether a double holds the integer exactly.
    static boolean isExact(long value) {
        double near = value;
        return near < 0x1p63 && (long) near == value;
    }

    /// The number as an integer, if it is one.
    static OptionalLong asLong(BigDecimal value) {
        BigDecimal whole = value.setScale(0, RoundingMode.FLOOR);
        return whole.compareTo(value) == 0 ? clamped(whole.toBigInteger()) : OptionalLong.empty();
    }

    /// The number as a double, if one holds it exactly.
    static Optional<Double> asDouble(BigDecimal value) {
        double near = value.doubleValue();
        return new BigDecimal(near).compareTo(value) == 0 ? Optional.of(near) : Optional.empty();
    }

    /// The least long that is not below the bound, or with `open` above it; empty if none is.
    static OptionalLong leastLong(BigDecimal bound, boolean open) {
        BigInteger least =
                open
                        ? bound.setScale(0, RoundingMode.FLOOR).toBigInteger().add(BigInteger.ONE)
                        : bound.setScale(0, RoundingMode.CEILING).toBigInteger();
        return clamped(least.max(MIN));
    }

    /// The greatest long that is not above the bound, or with `open` below it; empty if none is.
    static OptionalLong greatestLong(BigDecimal bound, boolean open) {
        BigInteger greatest =
                open
                        ? bound.setScale(0, RoundingMode.CEILING)
                                .toBigInteger()
                                .subtract(BigInteger.ONE)
                        : bound.setScale(0, RoundingMode.FLOOR).toBigInteger();
        return clamped(greatest.min(MAX));
    }

    /// The least double that is not below the bound, or with `open` above it.
    static double leastDouble(BigDecimal bound, boolean open) {
        double near = bound.doubleValue();
        int side = new BigDecimal(near).compareTo(bound);
        return side < 0 || (open && side == 0) ? Math.nextUp(near) : near;
    }

    /// The greatest double that is not above the bound, or with `open` below it.
    static double greatestDouble(BigDecimal bound, boolean open) {
        double near = bound.doubleValue();
        int side = new BigDecimal(near).compareTo(bound);
        return side > 0 || (open && side == 0) ? Math.nextDown(near) : near;
    }

    private static OptionalLong clamped(BigInteger value) {
        return value.compareTo(MIN) < 0 || value.compareTo(MAX) > 0
                ? OptionalLong.empty()
                : OptionalLong.of(value.longValueExact());
    }
}
