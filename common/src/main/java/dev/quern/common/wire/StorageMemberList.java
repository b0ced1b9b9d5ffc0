package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/storage/members`: the data directories that share the store in a tier.
///
/// @param members this server's first
public record StorageMemberList(List<StorageMember> members) {}
