package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.EOFException;
import java.nio.file.NoSuchFileException;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;

/// What failures of indexes and of the log mean.
final class IndexFailure {
    private IndexFailure() {}

    /// Whether the files are at fault, so that they are to be thrown away.
    static boolean isDamage(Exception e) {
        return e instanceof CorruptIndexException
                || e instanceof IndexFormatTooNewException
                || e instanceof IndexFormatTooOldException
                || e instanceof EOFException
                || e instanceof NoSuchFileException
                || (e instanceof QuernException q && q.kind() == ErrorKind.CORRUPT);
    }

    /// Whether a write may be in the log although its commit failed.
    static boolean isAmbiguous(RuntimeException e) {
        return !(e instanceof QuernException q)
                || switch (q.kind()) {
                    case INVALID, DENIED, NOT_FOUND, CONFLICT, FENCED, EXHAUSTED -> false;
                    case UNAVAILABLE, CORRUPT, INTERNAL -> true;
                };
    }
}
