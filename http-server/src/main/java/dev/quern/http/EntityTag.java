package dev.quern.http;

/// A strong entity tag made of a content hash.
///
/// @param value with its quotes
record EntityTag(String value) {
    static EntityTag of(String hash) {
        return new EntityTag('"' + hash + '"');
    }

    /// Whether an `If-None-Match` header names this tag: `*`, or a list compared weakly.
    boolean isIn(String header) {
        for (String part : header.split(",", -1)) {
            String tag = part.strip();
            if (tag.equals("*") || tag.equals(value) || tag.equals("W/" + value)) {
                return true;
            }
        }
        return false;
    }

    /// Whether an `If-Range` header names this tag, compared strongly.
    boolean is(String header) {
        return header.strip().equals(value);
    }
}
