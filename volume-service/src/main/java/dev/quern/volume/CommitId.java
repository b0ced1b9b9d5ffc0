package dev.quern.volume;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import java.util.regex.Pattern;

/// The name of a commit: the id of the chunk that holds it, and so a hash of the whole tree, the
/// message and all of the history.
///
/// @param hex 64 lower-case hex digits
public record CommitId(String hex) {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

    /// Checks the form.
    ///
    /// @throws QuernException `INVALID` for anything else
    public CommitId {
        if (!isForm(hex)) {
            throw QuernException.invalid(
                    "commit id must be 64 lower-case hex digits, got \""
                            + Names.abbreviate(hex)
                            + "\"");
        }
    }

    static CommitId of(ChunkId chunk) {
        return new CommitId(chunk.hex());
    }

    static boolean isForm(String text) {
        return FORM.matcher(text).matches();
    }

    ChunkId chunk() {
        return new ChunkId(hex);
    }

    @Override
    public String toString() {
        return hex;
    }
}
