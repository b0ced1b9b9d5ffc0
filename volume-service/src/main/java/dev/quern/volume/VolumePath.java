package dev.quern.volume;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The place of a file or directory in a volume: components joined by `/`, relative to the volume's
/// root. It is safe to append to a directory's path: no component is empty, `.` or `..`, and none
/// holds a NUL or another control character. A backslash is an ordinary character, and nothing is
/// decoded or normalised: two paths are the same if their bytes are.
///
/// Order is by component, then by the UTF-8 bytes of the component, so that a directory comes
/// directly before what lies in it.
///
/// @param value the whole path, at most [#MAX_BYTES] bytes of UTF-8, each component at most
///   [#MAX_NAME_BYTES]; empty for the root
public record VolumePath(String value) implements Comparable<VolumePath> {
    /// The longest path, in bytes of UTF-8.
    public static final int MAX_BYTES = 4096;

    /// The longest component, in bytes of UTF-8.
    public static final int MAX_NAME_BYTES = 255;

    /// The volume's root directory.
    public static final VolumePath ROOT = new VolumePath("");

    /// The order of names within a directory: that of their UTF-8 bytes, which is that of their
    /// code points.
    static final Comparator<String> NAME_ORDER = (a, b) -> compare(a, b, false);

    /// Checks the path.
    ///
    /// @throws QuernException `INVALID`, saying what is wrong, for a path that is absolute, ends
    ///   with `/`, or breaks a rule above
    public VolumePath {
        if (!value.isEmpty()) {
            if (value.length() > MAX_BYTES || utf8Length(value, value) > MAX_BYTES) {
                throw invalid("is over " + MAX_BYTES + " bytes", value);
            }
            int start = 0;
            for (int slash = value.indexOf('/'); slash >= 0; slash = value.indexOf('/', start)) {
                requireName(value.substring(start, slash), value);
                start = slash + 1;
            }
            requireName(value.substring(start), value);
        }
    }

    /// Reads a path; the empty text is the root.
    ///
    /// @throws QuernException `INVALID` as the constructor
    public static VolumePath parse(String text) {
        return text.isEmpty() ? ROOT : new VolumePath(text);
    }

    /// Whether this is the volume's root.
    public boolean isRoot() {
        return value.isEmpty();
    }

    /// The components; none for the root.
    public List<String> components() {
        return isRoot() ? List.of() : List.of(value.split("/", -1));
    }

    /// The last component; empty for the root.
    public String name() {
        return value.substring(value.lastIndexOf('/') + 1);
    }

    /// The directory that it lies in; empty for the root.
    public Optional<VolumePath> parent() {
        if (isRoot()) {
            return Optional.empty();
        }
        int slash = value.lastIndexOf('/');
        return Optional.of(slash < 0 ? ROOT : new VolumePath(value.substring(0, slash)));
    }

    /// The path of `name` in this directory.
    public VolumePath child(String name) {
        return new VolumePath(isRoot() ? name : value + "/" + name);
    }

    /// Whether this path is `directory` or lies in it, at any depth.
    public boolean isWithin(VolumePath directory) {
        return directory.isRoot()
                || (value.startsWith(directory.value)
                        && (value.length() == directory.value.length()
                                || value.charAt(directory.value.length()) == '/'));
    }

    @Override
    public int compareTo(VolumePath other) {
        return compare(value, other.value, true);
    }

    @Override
    public String toString() {
        return value;
    }

    /// Whether a string may be a component: the rule that decoders apply to stored names.
    static boolean isName(String name) {
        return problem(name).isEmpty();
    }

    private static void requireName(String name, String path) {
        Optional<String> problem = problem(name);
        if (problem.isPresent()) {
            throw invalid(problem.get(), path);
        }
    }

    private static Optional<String> problem(String name) {
        if (name.isEmpty()) {
            return Optional.of("must be relative, without / at either end and without //");
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("must not have . or .. as a component");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c) || c == '/') {
                return Optional.of("must not hold control characters");
            }
            if (Character.isSurrogate(c)) {
                if (!Character.isSurrogatePair(c, i + 1 < name.length() ? name.charAt(i + 1) : 0)) {
                    return Optional.of("must be valid Unicode");
                }
                i++;
            }
        }
        if (name.length() > MAX_NAME_BYTES
                || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            return Optional.of("has a component of over " + MAX_NAME_BYTES + " bytes");
        }
        return Optional.empty();
    }

    private static int utf8Length(String text, String path) {
        int length = text.getBytes(StandardCharsets.UTF_8).length;
        if (length < text.length()) {
            throw invalid("must be valid Unicode", path);
        }
        return length;
    }

    private static QuernException invalid(String problem, String path) {
        return QuernException.invalid(
                "path " + problem + ", got \"" + Names.abbreviate(path) + "\"");
    }

    private static int compare(String a, String b, boolean slashFirst) {
        int shared = Math.min(a.length(), b.length());
        for (int i = 0; i < shared; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                return Integer.compare(rank(x, slashFirst), rank(y, slashFirst));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /// Maps UTF-16 units so that their order is that of code points: surrogates after all others.
    private static int rank(char c, boolean slashFirst) {
        if (slashFirst && c == '/') {
            return 0;
        }
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
            return c + 0x10000;
        }
        return c;
    }
}
