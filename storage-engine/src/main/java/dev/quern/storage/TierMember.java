package dev.quern.storage;

import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/// A data directory whose facts name chunks of the store in a tier. While there is another,
/// nothing is removed from the store.
///
/// @param id 32 hex digits, as in the directory's file `store/chunks-tier/member`
/// @param own whether it is the one that was asked
/// @param running whether its server runs, as far as it has said in the last 15 minutes
/// @param seenAt when its server said so last; empty once it was stopped in order
public record TierMember(String id, boolean own, boolean running, Optional<Instant> seenAt) {
    static final Comparator<TierMember> OWN_FIRST =
            Comparator.comparing(TierMember::own).reversed().thenComparing(TierMember::id);
}
