package dev.quern.common;

import java.util.regex.Pattern;

/// The rule for the names that users give to spaces, volumes, collections, functions and branches.
public final class Names {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    private Names() {}

    /// Returns `value` if it is 1 to 63 characters of `A-Z a-z 0-9 . _ -`, the first a letter or
    /// digit.
    ///
    /// @param what the kind of thing, for the message
    /// @throws QuernException `INVALID` otherwise
    public static String require(String what, String value) {
        if (!isName(value)) {
            throw QuernException.invalid(
                    what
                            + " name must be 1 to 63 characters of A-Z a-z 0-9 . _ - starting with a"
                            + " letter or digit, got \""
                            + abbreviate(value)
                            + "\"");
        }
        return value;
    }

    /// Whether a value keeps the rule of [#require].
    public static boolean isName(String value) {
        return NAME.matcher(value).matches();
    }

    /// At most 80 characters of a value that came from outside, control characters replaced, for
    /// use in messages.
    public static String abbreviate(String value) {
        String cut = value.length() <= 80 ? value : value.substring(0, 77) + "...";
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
