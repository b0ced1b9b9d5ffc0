package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.lang.management.ManagementFactory;
import java.util.List;

/// A decoder, fed with any bytes: it gives a value or says `CORRUPT` or `INVALID`, within bounds of
/// memory. What it says holds `where`, so that the place is named.
///
/// @param name for messages and files; unique among all modules
/// @param where a part of every message, such as `at byte`; empty if there is no such part
/// @param seeds good inputs to begin from
public record FuzzTarget(String name, String where, Decoder decoder, List<byte[]> seeds) {
    /// Beside what is in proportion to the input.
    private static final long MAX_ALLOCATED_BYTES = 2L << 20;

    private static final int MAX_ALLOCATED_TIMES = 512;

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Takes any bytes.
    public interface Decoder {
        /// Returns in any case, or throws a [QuernException] that says why not.
        void decode(byte[] bytes);
    }

    /// Copies the list.
    public FuzzTarget {
        seeds = List.copyOf(seeds);
    }

    /// Runs the decoder on one input.
    ///
    /// @throws AssertionError if it breaks the rules
    public void run(byte[] input) {
        long bound = MAX_ALLOCATED_BYTES + (long) MAX_ALLOCATED_TIMES * input.length;
        long allocated = decode(input);
        if (allocated > bound) {
            allocated = decode(input); // the first time may have loaded classes
        }
        if (allocated > bound) {
            throw new AssertionError(
                    name + " allocates " + allocated + " bytes for " + input.length);
        }
    }

    /// Returns what it allocated.
    private long decode(byte[] input) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            decoder.decode(input.clone());
        } catch (QuernException e) {
            boolean said = e.kind() == ErrorKind.CORRUPT || e.kind() == ErrorKind.INVALID;
            if (!said || e.getMessage() == null || !e.getMessage().contains(where)) {
                throw new AssertionError(name + " says " + e.kind() + ": " + e.getMessage(), e);
            }
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /// For decoders that check what they read.
    ///
    /// @throws AssertionError if it does not hold
    public static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
