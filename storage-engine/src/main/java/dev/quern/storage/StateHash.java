package dev.quern.storage;

import dev.quern.common.QuernException;
import java.util.HexFormat;
import java.util.Locale;

/// What a state of facts amounts to: the sum, modulo 2^128, of the first 16 bytes of SHA-256 over
/// each fact ([FactHasher]). A sum does not depend on the order in which facts came, so that it is
/// kept up to date by adding what is written and taking off what goes; two states with the same
/// facts have the same hash, whichever way they were reached.
///
/// It finds damage and differences of software, not a forger: sums can be steered by whoever
/// chooses the facts.
///
/// @param high the upper 64 bits
/// @param low the lower 64 bits
public record StateHash(long high, long low) {
    /// Of no facts.
    public static final StateHash EMPTY = new StateHash(0, 0);

    StateHash plus(StateHash other) {
        long sum = low + other.low;
        long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        return new StateHash(high + other.high + carry, sum);
    }

    StateHash minus(StateHash other) {
        long borrow = Long.compareUnsigned(low, other.low) < 0 ? 1 : 0;
        return new StateHash(high - other.high - borrow, low - other.low);
    }

    /// Reads back [#toString].
    ///
    /// @throws QuernException `INVALID` if it is anything else
    public static StateHash parse(String hex) {
        if (hex.length() != 32 || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw QuernException.invalid("state hash must be 32 hex digits, got " + hex.length());
        }
        return new StateHash(
                Long.parseUnsignedLong(hex.substring(0, 16), 16),
                Long.parseUnsignedLong(hex.substring(16), 16));
    }

    /// 32 hex digits.
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%016x%016x", high, low);
    }
}
