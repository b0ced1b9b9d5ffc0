package dev.quern.storage;

import java.util.Arrays;

/// Which facts of a space to scan, and in which direction. Immutable.
public final class KeyRange {
    private final byte[] from;
    private final byte[] to;
    private final boolean descending;

    /// @param from first encoded key ([KeyFormat]) that is in
    /// @param to first encoded key that is not
    private KeyRange(byte[] from, byte[] to, boolean descending) {
        this.from = from;
        this.to = to;
        this.descending = descending;
    }

    /// All keys of the space.
    public static KeyRange all() {
        return new KeyRange(new byte[0], new byte[] {(byte) 0xFF}, false);
    }

    /// Keys that start with all components of `prefix`, itself included.
    public static KeyRange under(Key prefix) {
        byte[] from = KeyFormat.encode(prefix);
        return new KeyRange(from, FactFormat.afterPrefix(from), false);
    }

    /// Keys of `from` or greater, less than `to`.
    public static KeyRange between(Key from, Key to) {
        return new KeyRange(KeyFormat.encode(from), KeyFormat.encode(to), false);
    }

    /// Of these keys, those that are greater than `key`.
    public KeyRange after(Key key) {
        byte[] next = FactFormat.after(KeyFormat.encode(key));
        return new KeyRange(Arrays.compareUnsigned(next, from) > 0 ? next : from, to, descending);
    }

    /// Of these keys, those that are greater than all that start with all components of `prefix`.
    public KeyRange afterAll(Key prefix) {
        byte[] next = FactFormat.afterPrefix(KeyFormat.encode(prefix));
        return new KeyRange(Arrays.compareUnsigned(next, from) > 0 ? next : from, to, descending);
    }

    /// Of these keys, those that are less than `key`.
    public KeyRange before(Key key) {
        byte[] end = KeyFormat.encode(key);
        return new KeyRange(from, Arrays.compareUnsigned(end, to) < 0 ? end : to, descending);
    }

    /// The same keys from the greatest to the least.
    public KeyRange descending() {
        return new KeyRange(from, to, true);
    }

    /// Whether the greatest key comes first.
    public boolean isDescending() {
        return descending;
    }

    /// Whether it has a key.
    public boolean contains(Key key) {
        byte[] encoded = KeyFormat.encode(key);
        return Arrays.compareUnsigned(from, encoded) <= 0
                && Arrays.compareUnsigned(encoded, to) < 0;
    }

    byte[] from() {
        return from;
    }

    byte[] to() {
        return to;
    }
}
