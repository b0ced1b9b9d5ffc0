package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/// Turns the errors of files and databases into Quern's.
final class StorageErrors {
    private static final long RETRY_AFTER_MILLIS = 10_000;

    private StorageErrors() {}

    /// `EXHAUSTED` when the disk or a quota is full, else `UNAVAILABLE`.
    ///
    /// @param what the operation and the file, as in `cannot write pack x`
    static QuernException of(String what, IOException cause) {
        return isFull(cause.getMessage())
                ? exhausted(what, cause)
                : new QuernException(
                        ErrorKind.UNAVAILABLE, what + ": " + cause.getMessage(), cause);
    }

    /// `EXHAUSTED` when the disk is full, `CORRUPT` when bytes do not match, else `UNAVAILABLE`.
    ///
    /// @param what the operation and the database's directory
    static QuernException of(String what, RocksDBException cause) {
        Status status = cause.getStatus();
        if (isFull(cause.getMessage())
                || (status != null && status.getSubCode() == Status.SubCode.NoSpace)) {
            return exhausted(what, cause);
        }
        ErrorKind kind = isCorrupt(cause) ? ErrorKind.CORRUPT : ErrorKind.UNAVAILABLE;
        return new QuernException(kind, what + ": " + cause.getMessage(), cause);
    }

    static boolean isCorrupt(RocksDBException cause) {
        Status status = cause.getStatus();
        return status != null && status.getCode() == Status.Code.Corruption;
    }

    /// The disk is fuller than the configured reserve allows.
    static QuernException full(String what, long usableBytes, long neededBytes) {
        return exhausted(
                what
                        + ": the disk has "
                        + usableBytes
                        + " bytes free, "
                        + neededBytes
                        + " are needed",
                null);
    }

    private static boolean isFull(@Nullable String message) {
        return message != null
                && (message.contains("No space left on device")
                        || message.contains("Disk quota exceeded"));
    }

    private static QuernException exhausted(String what, @Nullable Throwable cause) {
        return new QuernException(
                ErrorKind.EXHAUSTED,
                cause == null ? what : what + ": " + cause.getMessage(),
                Map.of("retry_after_ms", RETRY_AFTER_MILLIS),
                cause);
    }
}
