package dev.quern.function;

import dev.quern.common.SpaceId;

/// Names one deployed version of one function, never reused.
///
/// @param space where it lives
/// @param function its name
/// @param deployment drawn at random when it was deployed
record PoolId(SpaceId space, String function, String deployment) {}
