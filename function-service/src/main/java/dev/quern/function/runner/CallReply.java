package dev.quern.function.runner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The answer to one call.
///
/// @param header `op` is `result` or `error`
/// @param body the output, empty for an error
record CallReply(ObjectNode header, byte[] body) {
    static final String JSON_TYPE = "application/json";
    static final String BYTES = "application/octet-stream";
    private static final int MAX_TRACE = 64 << 10;
    private static final int MAX_MESSAGE = 2048;
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Runs the function. An error of any kind becomes an answer.
    // Whatever user code throws is its answer, also an Error.
    @SuppressWarnings("CatchingUnchecked")
    static CallReply of(EntryPoint entry, FramePipe.Frame call) {
        try {
            String type = call.header().path("content_type").asText();
            @Nullable Object[] arguments = Arguments.bind(entry.method(), type, call.body(), JSON);
            return result(entry.invoke(arguments), call.header().path("max_output").asInt());
        } catch (InvocationTargetException e) {
            return error(e.getCause() == null ? e : e.getCause());
        } catch (Exception | Error e) {
            return error(e);
        }
    }

    private static CallReply result(@Nullable Object value, int maxBytes) {
        boolean raw = value instanceof byte[];
        byte[] body = value instanceof byte[] bytes ? bytes : encode(value);
        if (body.length > maxBytes) {
            throw new IllegalStateException(
                    "the result is "
                            + body.length
                            + " bytes, over the bound of "
                            + maxBytes
                            + "; write it to a volume instead");
        }
        ObjectNode header = JSON.createObjectNode().put("op", "result");
        return new CallReply(header.put("content_type", raw ? BYTES : JSON_TYPE), body);
    }

    private static byte[] encode(@Nullable Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            String type = value == null ? "null" : value.getClass().getName();
            throw new IllegalStateException(
                    "the result (" + type + ") cannot be sent as JSON: " + e.getOriginalMessage(),
                    e);
        }
    }

    private static CallReply error(Throwable failure) {
        return new CallReply(describe(failure).put("op", "error"), new byte[0]);
    }

    /// The fields of an exception.
    static ObjectNode describe(Throwable failure) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Throwable t = failure; t != null && seen.add(t); t = t.getCause()) {
            t.setStackTrace(withoutRunner(t.getStackTrace()));
        }
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        String message = String.valueOf(failure.getMessage());
        return JSON.createObjectNode()
                .put("type", failure.getClass().getName())
                .put("message", failure.getMessage() == null ? "" : cut(message, MAX_MESSAGE))
                .put("traceback", cut(trace.toString(), MAX_TRACE))
                .put("memory", failure instanceof OutOfMemoryError);
    }

    private static StackTraceElement[] withoutRunner(StackTraceElement[] frames) {
        int end = frames.length;
        while (end > 0 && isRunner(frames[end - 1])) {
            end--;
        }
        return end == 0 ? frames : Arrays.copyOf(frames, end);
    }

    /// The runner's own frames and those of the reflective call lie below the user's.
    private static boolean isRunner(StackTraceElement frame) {
        return frame.getClassName().startsWith(CallReply.class.getPackageName() + ".")
                || frame.getClassName().startsWith("java.lang.reflect.")
                || frame.getClassName().startsWith("jdk.internal.reflect.");
    }

    private static String cut(String text, int max) {
        return text.length() <= max ? text : text.substring(0, max);
    }
}
