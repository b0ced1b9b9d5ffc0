package dev.quern.embed;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A pattern of paths; its syntax is in [SyncSpec]. Unlike the JDK's globs, `**/` matches no
/// directory too, and unlike a regular expression its cost is bounded: path length times pattern
/// length.
final class Glob {
    private static final int MAX_CHARS = 1_024;
    private static final int MAX_ALTERNATIVES = 64;

    private final List<List<Token>> alternatives = new ArrayList<>();

    private Glob() {}

    /// Reads a pattern.
    ///
    /// @throws QuernException `INVALID`, saying what is wrong
    static Glob parse(String pattern) {
        if (pattern.isEmpty() || pattern.length() > MAX_CHARS) {
            throw invalid("must be 1 to " + MAX_CHARS + " characters", pattern);
        }
        if (pattern.startsWith("/")) {
            throw invalid("must not start with /, since paths do not", pattern);
        }
        Glob glob = new Glob();
        for (String alternative : expand(pattern)) {
            glob.alternatives.add(tokens(alternative, pattern));
        }
        return glob;
    }

    boolean matches(String path) {
        int[] characters = path.codePoints().toArray();
        return alternatives.stream().anyMatch(tokens -> matches(tokens, characters));
    }

    /// Follows all ways through the pattern at once; a state is the token to match next.
    private static boolean matches(List<Token> tokens, int[] path) {
        BitSet states = new BitSet();
        enter(tokens, 0, states);
        for (int c : path) {
            BitSet next = new BitSet();
            for (int s = states.nextSetBit(0); s >= 0; s = states.nextSetBit(s + 1)) {
                if (s < tokens.size()) {
                    step(tokens, s, c, next);
                }
            }
            states = next;
        }
        return states.get(tokens.size());
    }

    private static void step(List<Token> tokens, int state, int c, BitSet next) {
        switch (tokens.get(state)) {
            case Token.One one -> {
                if (one.matches(c)) {
                    enter(tokens, state + 1, next);
                }
            }
            case Token.Any any -> {
                if (any.slashes() || c != '/') {
                    enter(tokens, state, next);
                }
            }
            case Token.Directories _ -> {
                next.set(state);
                if (c == '/') {
                    enter(tokens, state + 1, next);
                }
            }
        }
    }

    /// Adds a state, and those after it that need no character.
    private static void enter(List<Token> tokens, int state, BitSet states) {
        int s = state;
        states.set(s);
        while (s < tokens.size() && !(tokens.get(s) instanceof Token.One)) {
            states.set(++s);
        }
    }

    /// Writes `a{b,c}d` out as `abd`, `acd`.
    private static List<String> expand(String pattern) {
        List<String> open = new ArrayList<>(List.of(pattern));
        List<String> done = new ArrayList<>();
        while (!open.isEmpty()) {
            String next = open.removeLast();
            int brace = unescaped(next, '{', 0);
            if (brace < 0) {
                done.add(next);
                continue;
            }
            int end = unescaped(next, '}', brace);
            if (end < 0) {
                throw invalid("has { without }", pattern);
            }
            int from = brace + 1;
            while (from <= end) {
                int comma = unescaped(next, ',', from);
                int to = comma < 0 || comma > end ? end : comma;
                open.add(
                        next.substring(0, brace)
                                + next.substring(from, to)
                                + next.substring(end + 1));
                from = to + 1;
            }
            if (open.size() + done.size() > MAX_ALTERNATIVES) {
                throw invalid("has more than " + MAX_ALTERNATIVES + " alternatives", pattern);
            }
        }
        return done;
    }

    private static int unescaped(String text, char wanted, int from) {
        boolean inClass = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '[') {
                inClass = true;
            } else if (c == ']') {
                inClass = false;
            } else if (c == wanted && i >= from && !inClass) {
                return i;
            }
        }
        return -1;
    }

    private static List<Token> tokens(String alternative, String pattern) {
        List<Token> tokens = new ArrayList<>();
        int[] p = alternative.codePoints().toArray();
        int i = 0;
        while (i < p.length) {
            switch (p[i]) {
                case '*' -> i = star(p, i, tokens);
                case '?' -> {
                    tokens.add(new Token.OneOf(List.of(), true));
                    i++;
                }
                case '[' -> i = characterClass(p, i, tokens, pattern);
                case '\\' -> {
                    if (i + 1 == p.length) {
                        throw invalid("ends with \\", pattern);
                    }
                    tokens.add(new Token.Literal(p[i + 1]));
                    i += 2;
                }
                default -> tokens.add(new Token.Literal(p[i++]));
            }
        }
        return tokens;
    }

    private static int star(int[] p, int at, List<Token> tokens) {
        int end = at;
        while (end < p.length && p[end] == '*') {
            end++;
        }
        boolean startsComponent = at == 0 || p[at - 1] == '/';
        if (end - at >= 2 && startsComponent && end < p.length && p[end] == '/') {
            tokens.add(new Token.Directories());
            return end + 1;
        }
        tokens.add(new Token.Any(end - at >= 2));
        return end;
    }

    private static int characterClass(int[] p, int at, List<Token> tokens, String pattern) {
        int i = at + 1;
        boolean negated = i < p.length && (p[i] == '!' || p[i] == '^');
        i += negated ? 1 : 0;
        List<int[]> ranges = new ArrayList<>();
        while (i < p.length && (p[i] != ']' || ranges.isEmpty())) {
            boolean range = i + 2 < p.length && p[i + 1] == '-' && p[i + 2] != ']';
            ranges.add(new int[] {p[i], range ? p[i + 2] : p[i]});
            i += range ? 3 : 1;
        }
        if (i >= p.length) {
            throw invalid("has [ without ]", pattern);
        }
        tokens.add(new Token.OneOf(ranges, negated));
        return i + 1;
    }

    private static QuernException invalid(String problem, String pattern) {
        return QuernException.invalid(
                "glob " + problem + ", got \"" + Names.abbreviate(pattern) + "\"");
    }

    /// A part of a pattern.
    private sealed interface Token {
        /// Matches one character.
        sealed interface One extends Token {
            boolean matches(int c);
        }

        /// A character as it is.
        record Literal(int character) implements One {
            @Override
            public boolean matches(int c) {
                return c == character;
            }
        }

        /// A character but `/`, in some range or in none.
        record OneOf(List<int[]> ranges, boolean negated) implements One {
            @Override
            public boolean matches(int c) {
                return c != '/' && negated != ranges.stream().anyMatch(r -> r[0] <= c && c <= r[1]);
            }
        }

        /// Any characters, with or without `/`.
        record Any(boolean slashes) implements Token {}

        /// Nothing, or anything that ends with `/`.
        record Directories() implements Token {}
    }
}
