package dev.quern.function;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The values of this module's facts: one byte of version, then a JSON object.
///
/// | key | value |
/// |---|---|
/// | `function / NAME` | [Deployed], the version that is called |
/// | `function-version / NAME / VERSION` | [Deployed], the newest 100 |
/// | `call-queued / ID` | [Queued], a spawned call that has not ended |
/// | `call / INVERTED / ID` | [Finished]; INVERTED sorts the newest first |
/// | `function-space / SPACE`, in the space `quern.system` | empty, a space that has functions |
///
/// Numbers in keys are 16 hex digits. INVERTED is 2^63 - 1 less the first 16 digits of the id. The
/// records check what they hold, so that a fact of any other form is `CORRUPT` when it is read.
/// Version 1 is the only one. Unknown fields are ignored, so that fields can be added; a change of
/// meaning takes a new version.
final class CallFormat {
    private static final byte VERSION = 1;
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .defaultPropertyInclusion(
                            JsonInclude.Value.construct(
                                    JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
                    .build();

    private CallFormat() {}

    /// A deployed version. Times are milliseconds since 1970, durations milliseconds.
    record Deployed(
            String name,
            int version,
            String deployment,
            String runtime,
            String artifact,
            String entry,
            Map<String, Mounted> mounts,
            long timeoutMillis,
            long memoryBytes,
            int maxInstances,
            long scaledownMillis,
            long createdAtMillis) {
        Deployed {
            requireFunction(name, version);
            requireAll(deployment, runtime, artifact, entry, mounts);
            mounts.values().forEach(Objects::requireNonNull);
        }
    }

    /// A mount.
    record Mounted(String volume, @Nullable String at) {
        Mounted {
            requireAll(volume);
        }
    }

    /// A call in the queue.
    ///
    /// @param attempts runs begun
    /// @param losses runs that the service ended
    /// @param running whether the last run had not ended when this was written
    record Queued(
            String id,
            String function,
            int version,
            String deployment,
            long createdAtMillis,
            String contentType,
            Blobs.Blob input,
            int attempts,
            int losses,
            boolean running) {
        Queued {
            requireAll(new CallId(id), deployment, contentType, input);
            requireFunction(function, version);
        }
    }

    /// A call that has ended.
    record Finished(
            String id,
            String function,
            int version,
            String status,
            long createdAtMillis,
            @Nullable String contentType,
            long outputBytes,
            Blobs.@Nullable Blob output,
            @Nullable Failed failure,
            Blobs.Blob logs,
            @Nullable Used receipt) {
        Finished {
            requireAll(new CallId(id), CallStatus.valueOf(status), logs);
            requireFunction(function, version);
        }
    }

    /// Why it failed.
    record Failed(
            String reason,
            String type,
            String message,
            Blobs.Blob traceback,
            Blobs.@Nullable Blob pickle) {
        Failed {
            requireAll(FailureReason.valueOf(reason), type, message, traceback);
        }
    }

    /// What it used.
    record Used(
            long queueNanos,
            long coldNanos,
            long runNanos,
            long cpuNanos,
            long peakMemoryBytes,
            long inputBytes,
            long outputBytes,
            boolean coldStart,
            int attempt,
            String instance,
            String sandbox,
            String placement) {
        Used {
            requireAll(instance, sandbox, placement);
        }
    }

    private static void requireAll(Object... fields) {
        for (Object field : fields) {
            Objects.requireNonNull(field, "a field is missing");
        }
    }

    private static void requireFunction(String name, int version) {
        Names.require("function", name);
        if (version < 1) {
            throw QuernException.invalid("version must be 1 or more, got " + version);
        }
    }

    static byte[] encode(Object value) {
        try {
            byte[] json = JSON.writeValueAsBytes(value);
            byte[] all = new byte[json.length + 1];
            all[0] = VERSION;
            System.arraycopy(json, 0, all, 1, json.length);
            return all;
        } catch (JsonProcessingException e) {
            throw QuernException.internal("fact not encoded", e);
        }
    }

    /// Reads a value.
    ///
    /// @throws QuernException `CORRUPT`, naming the key, for anything that [#encode] has not made
    static <T> T decode(byte[] value, Class<T> type, String key) {
        if (value.length < 2 || value[0] != VERSION) {
            throw QuernException.corrupt("fact " + key + " is not of version " + VERSION);
        }
        try {
            T decoded = JSON.readValue(value, 1, value.length - 1, type);
            if (decoded == null) {
                throw QuernException.corrupt("fact " + key + " is null");
            }
            return decoded;
        } catch (IOException e) {
            throw QuernException.corrupt("fact " + key + " cannot be read: " + e.getMessage());
        }
    }
}
