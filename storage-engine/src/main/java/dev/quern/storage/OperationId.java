package dev.quern.storage;

/// Names a run of an operation; as text `gc-1795363322`.
///
/// @param number the second since 1970 in which it began, or one more than that of the operation
///   before: greater than all before it, also over restarts unless the clock was put back
public record OperationId(OperationKind kind, long number) {
    @Override
    public String toString() {
        return kind + "-" + number;
    }
}
