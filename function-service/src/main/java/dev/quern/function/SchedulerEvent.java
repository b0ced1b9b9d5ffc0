package dev.quern.function;

/// What the [Scheduler] is told.
sealed interface SchedulerEvent {
    /// A version of a function may be called from now on; a second time it changes nothing.
    ///
    /// @param idleNanos after which an unused instance is stopped; 0 keeps none
    record Opened(PoolId pool, int maxInstances, long idleNanos) implements SchedulerEvent {}

    /// A call waits; its pool is open.
    record Submitted(PoolId pool, CallId call) implements SchedulerEvent {}

    /// A call that waits does so no longer.
    record Withdrawn(PoolId pool, CallId call) implements SchedulerEvent {}

    /// An instance is ready for its first call.
    record Started(PoolId pool, InstanceId instance) implements SchedulerEvent {}

    /// An instance has ended its call.
    record Finished(PoolId pool, InstanceId instance, boolean reusable) implements SchedulerEvent {}

    /// An instance is no more: it was stopped, died, or did not start.
    record Gone(PoolId pool, InstanceId instance) implements SchedulerEvent {}

    /// No call will be submitted to this pool again.
    record Retired(PoolId pool) implements SchedulerEvent {}

    /// Time has passed.
    record Ticked() implements SchedulerEvent {}
}
