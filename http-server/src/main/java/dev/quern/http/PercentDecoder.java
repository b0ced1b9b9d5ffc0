package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Percent-decoding as RFC 3986 has it: strict, UTF-8, `+` stands for itself in a path and for a
/// space in a query. Nothing is normalised: `%2e%2e` decodes to `..` and is refused by whoever
/// gives it a meaning.
final class PercentDecoder {
    private PercentDecoder() {}

    /// A part of a path.
    ///
    /// @throws QuernException `INVALID` for a broken escape or bytes that are not UTF-8
    static String path(String raw) {
        return decode(raw, false);
    }

    /// A name or value of a query.
    static String query(String raw) {
        return decode(raw, true);
    }

    private static String decode(String raw, boolean plusIsSpace) {
        if (isPlain(raw, plusIsSpace)) {
            return raw;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes.write(escape(raw, i));
                i += 2;
            } else if (c == '+' && plusIsSpace) {
                bytes.write(' ');
            } else if (c < 0x80) {
                bytes.write(c);
            } else {
                // The parser below us reads header bytes as Latin-1, so a raw byte is one char.
                if (c > 0xFF) {
                    throw broken("a character outside its line's bytes", raw);
                }
                bytes.write(c);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw broken("bytes that are not UTF-8", raw);
        }
    }

    private static boolean isPlain(String raw, boolean plusIsSpace) {
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%' || c >= 0x80 || (plusIsSpace && c == '+')) {
                return false;
            }
        }
        return true;
    }

    private static int escape(String raw, int at) {
        if (at + 2 < raw.length()) {
            int high = Character.digit(raw.charAt(at + 1), 16);
            int low = Character.digit(raw.charAt(at + 2), 16);
            if (high >= 0 && low >= 0) {
                return high << 4 | low;
            }
        }
        throw broken("a % that two hex digits do not follow", raw);
    }

    private static QuernException broken(String what, String raw) {
        return QuernException.invalid(
                "the request target has " + what + ": \"" + Names.abbreviate(raw) + "\"");
    }
}
