package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CallList;
import dev.quern.common.wire.Payload;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Calls of functions.
public final class Calls {
    private static final Set<String> UNFINISHED = Set.of("queued", "running");
    private static final long WAIT_SECONDS_MAX = 60;

    private final HttpTransport http;

    Calls(HttpTransport http) {
        this.http = http;
    }

    /// The call as it is now.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none of this id
    public CallBody get(String id) {
        return poll(id, 0);
    }

    /// The call when it has ended, or as it is after `timeout`.
    public CallBody await(String id, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            long leftNanos = deadline - System.nanoTime();
            long seconds = Math.clamp(Math.ceilDiv(leftNanos, 1_000_000_000L), 0, WAIT_SECONDS_MAX);
            CallBody call = poll(id, seconds);
            if (isFinished(call) || deadline - System.nanoTime() <= 0) {
                return call;
            }
        }
    }

    private CallBody poll(String id, long waitSeconds) {
        Target target = Target.of("calls", id).query("wait_seconds", waitSeconds);
        return http.json(Request.get(target).waiting(), CallBody.class);
    }

    /// Whether the call has ended, in whatever way.
    public static boolean isFinished(CallBody call) {
        return !UNFINISHED.contains(call.status());
    }

    /// Calls, newest first, without output and logs.
    ///
    /// @param function only its calls
    /// @param limit 1 or more
    public List<CallBody> list(Optional<String> function, int limit) {
        Target target = Target.of("calls").query("function", function).query("limit", limit);
        return http.json(Request.get(target), CallList.class).calls();
    }

    /// Asks for the end of a call; one that has ended stays as it is.
    public CallBody cancel(String id) {
        Target target = Target.of("calls", id, "cancel");
        Request request = Request.bytes("POST", target, "application/json", new byte[0]);
        return http.json(request.retry(Retry.ALWAYS), CallBody.class);
    }

    /// The encoded output of a call that succeeded; the caller closes it.
    @MustBeClosed
    public InputStream openOutput(String id) {
        return http.open(Request.get(Target.of("calls", id, "output")).waiting()).body();
    }

    /// The value that a call returned, from JSON.
    ///
    /// @param call finished
    /// @throws CallFailedException if it did not succeed
    /// @throws QuernException `INVALID` if the output is not JSON or not a `type`
    public <T> T output(CallBody call, Class<T> type) {
        Payload output = call.output();
        if (!call.status().equals("succeeded") || output == null) {
            throw new CallFailedException(call);
        }
        if (!output.contentType().startsWith("application/json")) {
            throw QuernException.invalid(
                    "output of call " + call.id() + " is " + output.contentType() + ", not JSON");
        }
        if (output.base64() == null && output.href() == null) {
            return Json.convert(output.json(), type);
        }
        try (InputStream bytes = openOutput(call.id(), output.base64())) {
            return Json.read(bytes, type);
        } catch (IOException e) {
            throw QuernException.invalid(
                    "output of call " + call.id() + " cannot be read: " + e.getMessage());
        }
    }

    @MustBeClosed
    private InputStream openOutput(String id, @Nullable String base64) {
        return base64 == null
                ? openOutput(id)
                : new ByteArrayInputStream(Base64.getDecoder().decode(base64));
    }
}
