package dev.quern.vector;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads a query with operators:
///
/// | part | rows that |
/// |---|---|
/// | `grain` | should have the word |
/// | `"water mill"` | should have the words one after the other |
/// | `"water mill"~3` | should have them no more than 3 moves of a word apart |
/// | `gran*` | should have a word that begins so |
/// | `+` before a part | must have it |
/// | `-` before a part | must not have it |
/// | `title:` before a word, phrase or prefix | are looked at in this field alone |
///
/// A backslash takes its meaning from the character after it. What is no operator is text: a sign
/// or a colon within a word, a star before its end, the colon after what is no text field.
final class QueryString {
    static final int MAX_SLOP = 100;

    private final String text;
    private final Set<String> fields;
    private int at;

    private QueryString(String text, Set<String> fields) {
        this.text = text;
        this.fields = fields;
    }

    /// Whether a row must, may or must not have a part.
    enum Sign {
        MUST,
        SHOULD,
        MUST_NOT
    }

    /// What a part is.
    enum Form {
        WORD,
        PHRASE,
        PREFIX
    }

    /// A part of a query.
    ///
    /// @param field empty: in any
    /// @param text not analysed yet, without operators
    /// @param slop of a phrase
    record Part(Sign sign, Optional<String> field, Form form, String text, int slop) {}

    /// The parts of a query.
    ///
    /// @param fields what may stand before a colon
    /// @throws QuernException `INVALID` for a quote that is not closed, or a slop out of bounds
    static List<Part> parse(String text, Set<String> fields) {
        QueryString reader = new QueryString(text, fields);
        List<Part> parts = new ArrayList<>();
        reader.skipBlanks();
        while (reader.at < text.length()) {
            parts.add(reader.part());
            reader.skipBlanks();
        }
        return parts;
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private Part part() {
        Sign sign = sign();
        Optional<String> field = field();
        if (isAt(at, '"')) {
            String phrase = phrase();
            return new Part(sign, field, Form.PHRASE, phrase, slop());
        }
        return word(sign, field);
    }

    private boolean isAt(int index, char wanted) {
        return index < text.length() && text.charAt(index) == wanted;
    }

    private boolean isBlankAt(int index) {
        return index >= text.length() || Character.isWhitespace(text.charAt(index));
    }

    private Sign sign() {
        boolean must = isAt(at, '+');
        if ((must || isAt(at, '-')) && !isBlankAt(at + 1)) {
            at++;
            return must ? Sign.MUST : Sign.MUST_NOT;
        }
        return Sign.SHOULD;
    }

    private Optional<String> field() {
        int colon = text.indexOf(':', at);
        if (colon < 0 || isBlankAt(colon + 1) || !fields.contains(text.substring(at, colon))) {
            return Optional.empty();
        }
        String name = text.substring(at, colon);
        at = colon + 1;
        return Optional.of(name);
    }

    private String phrase() {
        int start = at;
        at++;
        StringBuilder phrase = new StringBuilder();
        while (at < text.length()) {
            if (isAt(at, '"')) {
                at++;
                return phrase.toString();
            }
            phrase.append(character());
        }
        throw QuernException.invalid(
                "query must close the quote at character "
                        + (start + 1)
                        + ", or have a backslash"
                        + " before it");
    }

    /// The character here, or the one that a backslash here precedes.
    private char character() {
        if (isAt(at, '\\') && at + 1 < text.length()) {
            at++;
        }
        return text.charAt(at++);
    }

    private int slop() {
        if (!isAt(at, '~')) {
            return 0;
        }
        int start = ++at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        String digits = text.substring(start, at);
        if (digits.isEmpty() || digits.length() > 3 || Integer.parseInt(digits) > MAX_SLOP) {
            throw QuernException.invalid(
                    "query must have a number, 0 to "
                            + MAX_SLOP
                            + ", after ~ at character "
                            + start
                            + ", got \""
                            + digits
                            + "\"");
        }
        return Integer.parseInt(digits);
    }

    private Part word(Sign sign, Optional<String> field) {
        StringBuilder word = new StringBuilder();
        boolean star = false;
        while (!isBlankAt(at)) {
            star = isAt(at, '*');
            word.append(character());
        }
        boolean prefix = star && word.length() > 1;
        if (prefix) {
            word.setLength(word.length() - 1);
        }
        return new Part(sign, field, prefix ? Form.PREFIX : Form.WORD, word.toString(), 0);
    }
}
