package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/volumes/{volume}/commits`.
///
/// @param commits newest first
public record CommitList(List<CommitBody> commits) {}
