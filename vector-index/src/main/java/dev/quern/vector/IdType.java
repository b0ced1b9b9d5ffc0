package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.lucene.util.BytesRef;

/// What the ids of a collection's rows are. A [Row] has its id as text in either case; equal ids
/// have equal texts.
///
/// | name | text of an id | order | term in the index |
/// |---|---|---|---|
/// | `string` | 1 to 512 bytes of UTF-8 | by these bytes | these bytes |
/// | `uint64` | decimal digits of 0 to 2^64-1 without leading zeros | by value | 8 bytes, big-endian |
public enum IdType {
    /// Text.
    STRING(1, "string"),
    /// An unsigned 64-bit integer.
    UINT64(2, "uint64");

    private static final int MAX_DIGITS = 20;

    private final int code;
    private final String wireName;

    IdType(int code, String wireName) {
        this.code = code;
        this.wireName = wireName;
    }

    /// Reads a name of the table above.
    ///
    /// @throws QuernException `INVALID` for any other
    public static IdType parse(String text) {
        for (IdType type : values()) {
            if (type.wireName.equals(text)) {
                return type;
            }
        }
        throw QuernException.invalid(
                "id type must be string or uint64, got \"" + Names.abbreviate(text) + "\"");
    }

    /// The byte in formats.
    int code() {
        return code;
    }

    /// Whether the id has the form of this type.
    ///
    /// @throws QuernException `INVALID` saying what was expected
    void check(String what, String id) {
        switch (this) {
            case STRING -> WriteCheck.checkStringId(what, id);
            case UINT64 -> {
                if (!isNumber(id)) {
                    throw QuernException.invalid(
                            what
                                    + " must be a whole number, 0 to 18446744073709551615, as the"
                                    + " collection's ids are uint64; got \""
                                    + Names.abbreviate(id)
                                    + "\"");
                }
            }
        }
    }

    private static boolean isNumber(String id) {
        int digits = id.length();
        if (digits == 0 || digits > MAX_DIGITS || (digits > 1 && id.charAt(0) == '0')) {
            return false;
        }
        for (int i = 0; i < digits; i++) {
            if (id.charAt(i) < '0' || id.charAt(i) > '9') {
                return false;
            }
        }
        return digits < MAX_DIGITS || id.compareTo("18446744073709551615") <= 0;
    }

    /// The id as a term of the index.
    ///
    /// @param id of the form that [#check] asks for
    BytesRef term(String id) {
        return switch (this) {
            case STRING -> new BytesRef(id);
            case UINT64 ->
                    new BytesRef(
                            ByteBuffer.allocate(Long.BYTES)
                                    .putLong(Long.parseUnsignedLong(id))
                                    .array());
        };
    }

    /// The id whose term this is.
    ///
    /// @throws QuernException `CORRUPT` for bytes that are the term of none
    String text(BytesRef term) {
        return text(term.bytes, term.offset, term.length);
    }

    /// The same of a term that lies in an array.
    String text(byte[] term, int offset, int length) {
        return switch (this) {
            case STRING -> new String(term, offset, length, StandardCharsets.UTF_8);
            case UINT64 -> {
                if (length != Long.BYTES) {
                    throw QuernException.corrupt(
                            "index has an id of " + length + " bytes, expected 8");
                }
                yield Long.toUnsignedString(ByteBuffer.wrap(term, offset, length).getLong());
            }
        };
    }

    /// The name on the wire.
    @Override
    public String toString() {
        return wireName;
    }
}
