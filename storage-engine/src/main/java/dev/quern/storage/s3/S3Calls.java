package dev.quern.storage.s3;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/// Runs requests: so many at a time, each tried again after a pause of full jitter (anything
/// between nothing and a bound that doubles from 100 ms to 10 s) until it succeeds, cannot succeed,
/// or the deadline has come. Thread-safe. Closing cuts the pauses short.
final class S3Calls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(S3Calls.class);
    private static final int MAX_REQUESTS = 32;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final int MAX_DOUBLINGS = 7;
    private static final long MAX_PAUSE_MILLIS = 10_000;
    private static final long RETRY_AFTER_MILLIS = 1000;

    private final S3Config config;
    private final RandomGenerator random;
    private final Semaphore requests = new Semaphore(MAX_REQUESTS);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();

    @GuardedBy("lock")
    private boolean closed;

    S3Calls(S3Config config, RandomGenerator random) {
        this.config = config;
        this.random = random;
    }

    /// Sends one request until it is answered.
    ///
    /// @param what the operation, as in `cannot read blob x`
    /// @param request throws an [SdkException] when it fails
    <T> T run(String what, Supplier<T> request) {
        long deadline = System.nanoTime() + config.deadline().toNanos();
        for (int attempt = 0; ; attempt++) {
            try {
                return send(request);
            } catch (SdkException e) {
                S3Failure failure = S3Failure.of(e);
                long pause = Math.max(failure.retryAfterMillis(), jitter(attempt));
                boolean inTime = System.nanoTime() + pause * 1_000_000 - deadline < 0;
                if (!failure.retry() || !inTime || !pause(pause)) {
                    throw error(what, failure, e);
                }
                LOG.debug("{}: attempt {}, again in {} ms: {}", what, attempt + 1, pause, e);
            }
        }
    }

    private <T> T send(Supplier<T> request) {
        requests.acquireUninterruptibly();
        try {
            return request.get();
        } finally {
            requests.release();
        }
    }

    private long jitter(int attempt) {
        long bound = FIRST_PAUSE_MILLIS << Math.min(attempt, MAX_DOUBLINGS);
        return random.nextLong(Math.min(bound, MAX_PAUSE_MILLIS) + 1);
    }

    /// Returns whether to go on.
    private boolean pause(long millis) {
        lock.lock();
        try {
            long nanos = millis * 1_000_000;
            while (nanos > 0 && !closed) {
                nanos = closing.awaitNanos(nanos);
            }
            return !closed;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private QuernException error(String what, S3Failure failure, SdkException cause) {
        String message = what + " in " + config.place() + ": " + reason(cause);
        return failure.kind() == ErrorKind.EXHAUSTED
                ? new QuernException(
                        ErrorKind.EXHAUSTED,
                        message,
                        Map.of(
                                "retry_after_ms",
                                Math.max(failure.retryAfterMillis(), RETRY_AFTER_MILLIS)),
                        cause)
                : new QuernException(failure.kind(), message, cause);
    }

    private static String reason(SdkException cause) {
        if (!(cause instanceof AwsServiceException answer)) {
            return String.valueOf(cause.getMessage());
        }
        String code = S3Failure.code(answer);
        return "status "
                + answer.statusCode()
                + (code.isEmpty() ? "" : " " + code + ", " + detail(answer))
                + (answer.requestId() == null ? "" : " (request " + answer.requestId() + ")");
    }

    private static String detail(AwsServiceException answer) {
        return String.valueOf(answer.awsErrorDetails().errorMessage());
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
