package dev.quern.function;

/// What the [Scheduler] wants done.
sealed interface Decision {
    /// Start an instance.
    record Start(PoolId pool, InstanceId instance) implements Decision {}

    /// Give a call to an instance that is free.
    record Assign(CallId call, InstanceId instance) implements Decision {}

    /// End an instance that is free.
    record Stop(InstanceId instance) implements Decision {}

    /// Let a call bear the failed start of an instance; it waits no longer.
    record Blame(CallId call, InstanceId instance) implements Decision {}

    /// A withdrawn call did wait and now does not.
    record Dismiss(CallId call) implements Decision {}

    /// A retired pool is no more.
    record Forget(PoolId pool) implements Decision {}
}
