package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/aliases`.
///
/// @param aliases in name order
public record AliasList(List<AliasBody> aliases) {}
