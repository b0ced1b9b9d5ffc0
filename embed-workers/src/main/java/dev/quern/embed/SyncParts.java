package dev.quern.embed;

import dev.quern.common.SpaceId;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumeService;

/// What a sync works on.
///
/// @param space the space of both
/// @param volumes to read from
/// @param volume the volume
/// @param writer to the collection
/// @param states the collection's sync states
/// @param embedder runs the model
/// @param model the collection's
/// @param limits how the work is portioned
record SyncParts(
        SpaceId space,
        VolumeService volumes,
        VolumeInfo volume,
        RowWriter writer,
        SyncStates states,
        EmbedService embedder,
        ModelInfo model,
        SyncLimits limits) {}
