package dev.quern.embed;

import java.util.Locale;

/// How a file is cut into passages.
public enum TextKind {
    /// Sections by headings; `.md`, `.markdown`, `.mdx`.
    MARKDOWN,
    /// One JSON object a line; `.jsonl`, `.ndjson`.
    JSON_LINES,
    /// Paragraphs; any other name.
    PLAIN;

    /// By the ending of a file's name.
    public static TextKind of(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT);
        if (name.endsWith(".md") || name.endsWith(".markdown") || name.endsWith(".mdx")) {
            return MARKDOWN;
        }
        return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSON_LINES : PLAIN;
    }
}
