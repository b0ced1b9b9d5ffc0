package dev.quern.storage;

import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The bytes of a key, so that byte order is key order and a key that begins with the components of
/// another begins with its bytes:
///
/// | part | bytes |
/// |---|---|
/// | each component | its UTF-8 bytes (none is 0), then one byte 0 |
final class KeyFormat {
    private KeyFormat() {}

    static byte[] encode(Key key) {
        byte[][] parts = new byte[key.components().size()][];
        int length = 0;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = key.components().get(i).getBytes(StandardCharsets.UTF_8);
            length += parts[i].length + 1;
        }
        byte[] bytes = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, bytes, at, part.length);
            at += part.length + 1;
        }
        return bytes;
    }

    /// The bytes of a key that others follow, so that byte order is still key order:
    ///
    /// | part | bytes |
    /// |---|---|
    /// | each component but the last | its UTF-8 bytes, then 0, 1 |
    /// | the last component | its UTF-8 bytes, then 0, 0 |
    ///
    /// A key that begins with the components of another begins with its bytes up to the last.
    static byte[] encodeBefore(Key key) {
        byte[] plain = encode(key);
        byte[] bytes = new byte[plain.length + key.components().size()];
        int at = 0;
        for (byte one : plain) {
            bytes[at++] = one;
            if (one == 0) {
                bytes[at++] = 1;
            }
        }
        bytes[at - 1] = 0;
        return bytes;
    }

    /// Where the key that begins at `from`, written by [#encodeBefore], ends.
    ///
    /// @throws QuernException `CORRUPT` if it does not
    static int endBefore(byte[] bytes, int from) {
        for (int at = from; at < bytes.length - 1; at++) {
            if (bytes[at] == 0 && bytes[at + 1] == 0) {
                return at + 2;
            }
        }
        throw QuernException.corrupt("key of " + (bytes.length - from) + " bytes does not end");
    }

    /// The key in `bytes[from..to)`, written by [#encodeBefore].
    ///
    /// @throws QuernException `CORRUPT` if these are not the bytes of a key
    static Key decodeBefore(byte[] bytes, int from, int to) {
        byte[] plain = new byte[to - from];
        int length = 0;
        for (int at = from; at < to; at++) {
            plain[length++] = bytes[at];
            if (bytes[at] == 0) {
                at++;
            }
        }
        return decode(plain, 0, length);
    }

    /// The key in `bytes[from..to)`.
    ///
    /// @throws QuernException `CORRUPT` if these are not the bytes of a key
    static Key decode(byte[] bytes, int from, int to) {
        if (from >= to || bytes[to - 1] != 0) {
            throw QuernException.corrupt(
                    "key of " + (to - from) + " bytes does not end in a whole component");
        }
        List<String> components = new ArrayList<>();
        int start = from;
        for (int i = from; i < to; i++) {
            if (bytes[i] == 0) {
                components.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
                start = i + 1;
            }
        }
        Key key = new Key(components);
        if (!Arrays.equals(encode(key), 0, to - from, bytes, from, to)) {
            throw QuernException.corrupt("key of " + (to - from) + " bytes is not UTF-8");
        }
        return key;
    }
}
