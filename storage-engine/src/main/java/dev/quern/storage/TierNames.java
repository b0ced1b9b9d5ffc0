package dev.quern.storage;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.regex.Pattern;

/// The rule for the names of blobs in a [Tier]: 1 to 512 characters; components of `A-Z a-z 0-9 . _
/// = -`, each starting with a letter or a digit and at most 200 long, separated by single `/`. So a
/// name is a path below any directory, with no way out of it, and a key of any object store as it
/// is.
public final class TierNames {
    private static final int MAX = 512;
    private static final String COMPONENT = "[A-Za-z0-9][A-Za-z0-9._=-]{0,199}";
    private static final Pattern NAME = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9._=/-]*");

    private TierNames() {}

    /// Checks the name of a blob and returns it.
    ///
    /// @throws QuernException `INVALID` for any other
    public static String require(String name) {
        if (!isValid(name)) {
            throw QuernException.invalid(
                    "blob name must be 1 to "
                            + MAX
                            + " characters, in components of A-Z a-z 0-9 . _ = - that start with a"
                            + " letter or digit, got \""
                            + Names.abbreviate(name)
                            + "\"");
        }
        return name;
    }

    /// Whether a blob may be called so.
    public static boolean isValid(String name) {
        return name.length() <= MAX && NAME.matcher(name).matches();
    }

    /// Checks the arguments of [Tier#list].
    ///
    /// @throws QuernException `INVALID` for a prefix or a name with other characters, or a limit
    ///   out of bounds
    public static void requirePage(String prefix, String after, int limit) {
        for (String part : new String[] {prefix, after}) {
            if (part.length() > MAX || !PART.matcher(part).matches()) {
                throw QuernException.invalid(
                        "blob names have none like \"" + Names.abbreviate(part) + "\"");
            }
        }
        if (limit < 1 || limit > Tier.MAX_PAGE) {
            throw QuernException.invalid(
                    "page of blobs must be 1 to " + Tier.MAX_PAGE + ", got " + limit);
        }
    }

    /// Checks the start of a range.
    ///
    /// @throws QuernException `INVALID` if it is negative
    public static void requireOffset(String name, long offset) {
        if (offset < 0) {
            throw QuernException.invalid(
                    "offset in blob " + name + " must be 0 or more, got " + offset);
        }
    }
}
