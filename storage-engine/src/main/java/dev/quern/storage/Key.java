package dev.quern.storage;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The name of a fact: components in order of significance, so that facts with a common beginning
/// lie together. Order is byte order of the UTF-8 components; numbers sort by value when written by
/// [#number].
///
/// @param components one or more, none with a NUL character; one may be empty
public record Key(List<String> components) {
    /// Checks the components.
    ///
    /// @throws QuernException `INVALID` if there is none, or one has a NUL character or half a
    ///   surrogate pair (which UTF-8 cannot tell from a question mark)
    public Key {
        components = List.copyOf(components);
        if (components.isEmpty() || !areEncodable(components)) {
            throw QuernException.invalid(
                    "key must have components of whole characters without NUL, got "
                            + Names.abbreviate(String.join("/", components)));
        }
    }

    /// A key from its components.
    public static Key of(String... components) {
        return new Key(List.of(components));
    }

    /// This key with one more component.
    public Key child(String component) {
        List<String> longer = new ArrayList<>(components);
        longer.add(component);
        return new Key(longer);
    }

    /// Whether this key begins with all components of `prefix`; true for the prefix itself.
    public boolean startsWith(Key prefix) {
        int length = prefix.components.size();
        return components.size() >= length
                && components.subList(0, length).equals(prefix.components);
    }

    /// The last component.
    public String last() {
        return components.getLast();
    }

    /// A number of 0 or more as a component that sorts by value: 16 hex digits.
    public static String number(long value) {
        if (value < 0) {
            throw QuernException.invalid("key number must be 0 or more, got " + value);
        }
        return String.format(Locale.ROOT, "%016x", value);
    }

    /// For messages: the components with `/` between them, abbreviated.
    @Override
    public String toString() {
        return Names.abbreviate(String.join("/", components));
    }

    /// Loops, for a stream would take longer than all else that is done with a key.
    private static boolean areEncodable(List<String> components) {
        for (int i = 0; i < components.size(); i++) {
            if (!isEncodable(components.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isEncodable(String component) {
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                boolean pair =
                        Character.isHighSurrogate(c)
                                && i + 1 < component.length()
                                && Character.isLowSurrogate(component.charAt(i + 1));
                if (!pair) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
