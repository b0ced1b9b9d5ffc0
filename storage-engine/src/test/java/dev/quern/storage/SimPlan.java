package dev.quern.storage;

import java.nio.file.Path;

/// Says how each call to a [SimDisk] ends.
interface SimPlan {
    SimPlan GOOD = (_, _, _) -> Fault.NONE;

    /// How this call ends.
    ///
    /// @param number of the call, from 1
    Fault at(long number, Call call, Path file);

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
