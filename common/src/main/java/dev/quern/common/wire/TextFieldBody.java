package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A text field.
///
/// @param analyzer `english` (default), another language, `standard`, `whitespace`, `ngram` or
///   `cjk`
public record TextFieldBody(@Nullable String analyzer) {}
