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
    private static final char REPLACEMENT = '\uFFFD';

    private KeyFormat() {}

    static byte[] encode(Key key) {
        return encode(key, 0);
    }

    /// The bytes of a key after `before` bytes that are left to the caller.
    static byte[] encode(Key key, int before) {
        List<String> components = key.components();
        int length = before + components.size();
        for (int i = 0; i < components.size(); i++) {
            length += components.get(i).length();
        }
        byte[] bytes = new byte[length];
        int at = before;
        for (int i = 0; i < components.size(); i++) {
            String component = components.get(i);
            for (int c = 0; c < component.length(); c++) {
                if (component.charAt(c) >= 0x80) {
                    return encodeWide(components, before);
                }
                bytes[at++] = (byte) component.charAt(c);
            }
            at++;
        }
        return bytes;
    }

    /// The same for components that are not all ASCII, as most are.
    private static byte[] encodeWide(List<String> components, int before) {
        byte[][] parts = new byte[components.size()][];
        int length = before;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = components.get(i).getBytes(StandardCharsets.UTF_8);
            length += parts[i].length + 1;
        }
        byte[] bytes = new byte[length];
        int at = before;
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
        if (isReplaced(components) && !Arrays.equals(encode(key), 0, to - from, bytes, from, to)) {
            throw QuernException.corrupt("key of " + (to - from) + " bytes is not UTF-8");
        }
        return key;
    }

    /// Whether there is a character that stands for bytes that are not UTF-8, or for itself.
    private static boolean isReplaced(List<String> components) {
        for (int i = 0; i < components.size(); i++) {
            if (components.get(i).indexOf(REPLACEMENT) >= 0) {
                return true;
            }
        }
        return false;
    }
}
