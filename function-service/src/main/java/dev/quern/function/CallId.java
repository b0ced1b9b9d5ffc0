package dev.quern.function;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.regex.Pattern;

/// Names a call. Ids sort by creation: 12 hex digits of milliseconds, 4 of a counter, 16 random.
///
/// @param hex 32 lower-case hex digits
public record CallId(String hex) {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

    /// Checks the form.
    public CallId {
        if (!FORM.matcher(hex).matches()) {
            throw QuernException.invalid(
                    "call id must be 32 lower-case hex digits, got \""
                            + Names.abbreviate(hex)
                            + "\"");
        }
    }

    @Override
    public String toString() {
        return hex;
    }
}
