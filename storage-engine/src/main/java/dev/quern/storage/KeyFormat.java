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
