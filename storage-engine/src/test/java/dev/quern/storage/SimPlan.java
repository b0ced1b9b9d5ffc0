package dev.quern.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;

/// Says how each call to a [SimDisk] ends.
interface SimPlan {
    SimPlan GOOD = (_, _, _) -> Fault.NONE;

    /// How this call ends.
    ///
    /// @param number of the call, from 1
    Fault at(long number, Call call, Path file);

    /// Lets one call fail in some way, and no other.
    ///
    /// @param at counted from 1 among the calls that change the disk; negative for none
    static SimPlan failing(long at, RandomGenerator random) {
        List<Fault> faults = List.of(Fault.POWER_BEFORE, Fault.POWER_AFTER, Fault.IO, Fault.FULL);
        long[] calls = new long[1];
        return (_, call, _) ->
                call.changes() && ++calls[0] == at
                        ? faults.get(random.nextInt(faults.size()))
                        : Fault.NONE;
    }

    /// What a call does.
    enum Call {
        DIRECTORIES,
        LIST,
        CREATE,
        OPEN,
        MAP,
        SIZE,
        TRUNCATE,
        DELETE,
        RENAME,
        SYNC_NAMES,
        DATABASE,
        WRITE,
        FORCE,
        RESIZE;

        /// Whether it changes what is on the disk.
        boolean changes() {
            return switch (this) {
                case LIST, OPEN, MAP, SIZE, DATABASE -> false;
                default -> true;
            };
        }
    }

    /// How a call ends.
    enum Fault {
        NONE,
        /// `Input/output error`; a failed force loses dirty bytes.
        IO,
        /// `No space left on device`, after part of the bytes where it is a write.
        FULL,
        /// The power fails before it takes effect.
        POWER_BEFORE,
        /// The power fails after it took effect, before the caller hears of it.
        POWER_AFTER
    }
}
