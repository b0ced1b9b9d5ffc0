package dev.quern.function;

/// Names an instance, counting from 1 since the service started.
///
/// @param number 1 or more
record InstanceId(long number) {
    @Override
    public String toString() {
        return "i" + number;
    }
}
