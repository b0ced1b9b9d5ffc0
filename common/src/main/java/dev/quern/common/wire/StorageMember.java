package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A data directory whose facts name chunks of the store in a tier.
///
/// @param id 32 hex digits, as in the directory's file `store/chunks-tier/member`
/// @param own whether it is this server's
/// @param running whether its server runs, as far as it has said in the last 15 minutes
/// @param seenAt ISO-8601, when its server said so last; absent once it was stopped in order
public record StorageMember(String id, boolean own, boolean running, @Nullable String seenAt) {}
