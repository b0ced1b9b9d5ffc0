package dev.quern.function;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.regex.Pattern;

/// Names an artifact: the SHA-256 of its bytes.
///
/// @param hex 64 lower-case hex digits
public record ArtifactId(String hex) {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

    /// Checks the form.
    public ArtifactId {
        if (!FORM.matcher(hex).matches()) {
            throw QuernException.invalid(
                    "artifact id must be 64 lower-case hex digits, got \""
                            + Names.abbreviate(hex)
                            + "\"");
        }
    }

    @Override
    public String toString() {
        return hex;
    }
}
