package dev.quern.storage;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The name of a fact: components in order of significance, so that facts with a common beginning
/// lie together. Order is byte order of the UTF-8 components; numbers sort by value when written by
/// [#number].
///
/// @param components one or more, none with a NUL character
public record Key(List<String> components) {
    /// Checks the components.
    public Key {
        components = List.copyOf(components);
        if (components.isEmpty() || components.stream().anyMatch(c -> c.indexOf('\0') >= 0)) {
            throw QuernException.invalid("key must have components without NUL characters");
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
}
