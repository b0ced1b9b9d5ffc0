package dev.quern.function;

import dev.quern.common.SpaceId;

/// A version of a function with the name that tells it from all others.
///
/// @param space where it lives
/// @param info what was deployed
/// @param id drawn at random when it was deployed
record Deployment(SpaceId space, FunctionInfo info, String id) {
    PoolId pool() {
        return new PoolId(space, info.name(), id);
    }

    FunctionLimits limits() {
        return info.spec().limits();
    }
}
