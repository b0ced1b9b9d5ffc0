package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/delete`: exactly one of the two.
///
/// @param ids rows to delete, in JSON numbers where the collection's ids are `uint64`; unknown ids are
///   ignored
/// @param filter as in a search
public record DeleteRows(@Nullable List<String> ids, @Nullable Object filter) {}
