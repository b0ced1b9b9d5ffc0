package dev.quern.flight;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.arrow.memory.AllocationListener;
import org.apache.arrow.memory.BufferAllocator;

/// Hears of every buffer that an allocator gets back, so that closing can wait for the last message
/// in flight. Thread-safe.
final class MemoryGauge implements AllocationListener {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();

    @Override
    public void onRelease(long size) {
        lock.lock();
        try {
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until an allocator has everything back.
    ///
    /// @return whether it has, within the limit
    boolean awaitEmpty(BufferAllocator allocator, Duration limit) throws InterruptedException {
        long remainingNanos = limit.toNanos();
        lock.lock();
        try {
            while (allocator.getAllocatedMemory() > 0) {
                if (remainingNanos <= 0) {
                    return false;
                }
                remainingNanos = released.awaitNanos(remainingNanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
