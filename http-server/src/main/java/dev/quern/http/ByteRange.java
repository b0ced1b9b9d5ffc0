package dev.quern.http;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A stretch of a file that a `Range` header asks for.
///
/// @param offset first byte
/// @param lengthBytes 1 or more
/// @param sizeBytes of the whole file
record ByteRange(long offset, long lengthBytes, long sizeBytes) {
    private static final Pattern SINGLE =
            Pattern.compile("bytes\\s*=\\s*([0-9]{0,18})\\s*-\\s*([0-9]{0,18})\\s*");

    /// Reads a header. One that is malformed, in another unit or names several ranges is ignored,
    /// as RFC 9110 has it: the whole file is sent.
    ///
    /// @throws Refusal 416 if the range lies outside the file
    static Optional<ByteRange> parse(String header, long sizeBytes) {
        Matcher matcher = SINGLE.matcher(header);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String first = matcher.group(1);
        String last = matcher.group(2);
        if (first.isEmpty() && last.isEmpty()) {
            return Optional.empty();
        }
        if (first.isEmpty()) {
            long length = Math.min(Long.parseLong(last), sizeBytes);
            if (length == 0) {
                throw Refusal.unsatisfiableRange(header, sizeBytes);
            }
            return Optional.of(new ByteRange(sizeBytes - length, length, sizeBytes));
        }
        long from = Long.parseLong(first);
        long to = last.isEmpty() ? Long.MAX_VALUE : Long.parseLong(last);
        if (to < from) {
            return Optional.empty();
        }
        if (from >= sizeBytes) {
            throw Refusal.unsatisfiableRange(header, sizeBytes);
        }
        return Optional.of(new ByteRange(from, Math.min(to, sizeBytes - 1) - from + 1, sizeBytes));
    }

    /// The value of `Content-Range`.
    String contentRange() {
        return "bytes " + offset + "-" + (offset + lengthBytes - 1) + "/" + sizeBytes;
    }
}
