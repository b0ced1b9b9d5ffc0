package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CallError;
import dev.quern.common.wire.Payload;
import dev.quern.common.wire.Receipt;
import dev.quern.function.CallFailure;
import dev.quern.function.CallId;
import dev.quern.function.CallInfo;
import dev.quern.function.CallOutput;
import dev.quern.function.CallReceipt;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Calls, their inputs and outputs as the wire has them.
final class CallWire {
    /// Larger outputs are not put into a call's body but named by `href`.
    private static final int MAX_INLINE_BYTES = 4 << 20;

    private CallWire() {}

    /// @param output reads the bytes of an output that is not at hand
    static CallBody call(CallInfo info, Function<CallId, byte[]> output) {
        return body(
                info,
                info.output().map(value -> payload(info.id(), value, output)).orElse(null),
                info.logs());
    }

    /// Without output and logs, for lists.
    static CallBody brief(CallInfo info) {
        return body(info, null, null);
    }

    private static CallBody body(CallInfo info, @Nullable Payload output, @Nullable String logs) {
        return new CallBody(
                info.id().hex(),
                info.function(),
                info.version(),
                info.status().wireName(),
                info.createdAt().toString(),
                info.index().isPresent() ? (Integer) info.index().getAsInt() : null,
                output,
                info.failure().map(CallWire::error).orElse(null),
                logs,
                info.receipt().map(CallWire::receipt).orElse(null));
    }

    private static Payload payload(CallId id, CallOutput value, Function<CallId, byte[]> output) {
        String type = value.contentType();
        if (value.sizeBytes() > MAX_INLINE_BYTES) {
            return new Payload(
                    type, null, null, "/v1/calls/" + id.hex() + "/output", value.sizeBytes());
        }
        byte[] bytes = value.bytes().orElseGet(() -> output.apply(id));
        Optional<Object> json =
                type.equals(dev.quern.function.Payload.JSON) ? parse(bytes) : Optional.empty();
        return json.isPresent()
                ? new Payload(type, json.get(), null, null, value.sizeBytes())
                : new Payload(
                        type,
                        null,
                        Base64.getEncoder().encodeToString(bytes),
                        null,
                        value.sizeBytes());
    }

    /// The value of a JSON output, kept exactly; empty for one that is beyond [Json]'s bounds.
    private static Optional<Object> parse(byte[] bytes) {
        try {
            return Optional.of(Json.readTree(bytes));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static CallError error(CallFailure failure) {
        return new CallError(
                failure.reason().wireName(),
                failure.type(),
                failure.message(),
                failure.traceback(),
                failure.pickle().map(Base64.getEncoder()::encodeToString).orElse(null));
    }

    private static Receipt receipt(CallReceipt receipt) {
        return new Receipt(
                millis(receipt.queue()),
                millis(receipt.cold()),
                millis(receipt.run()),
                millis(receipt.cpu()),
                receipt.peakMemoryBytes(),
                receipt.inputBytes(),
                receipt.outputBytes(),
                receipt.coldStart(),
                receipt.attempt(),
                receipt.instance(),
                receipt.sandbox(),
                receipt.placement());
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    /// An input of a map.
    ///
    /// @param index its position, for the message
    /// @throws QuernException `INVALID` unless exactly one of `json` and `base64` is set and fits
    ///   the content type
    static dev.quern.function.Payload input(Payload payload, int index) {
        boolean isJson = payload.contentType().equals(dev.quern.function.Payload.JSON);
        String base64 = payload.base64();
        if (payload.href() != null) {
            throw wrong(index, "'href' is for outputs only");
        }
        if (base64 != null && payload.json() != null) {
            throw wrong(index, "exactly one of 'json' and 'base64' must be set");
        }
        if (base64 == null) {
            if (!isJson) {
                throw wrong(index, "'base64' is required for " + payload.contentType());
            }
            return new dev.quern.function.Payload(
                    payload.contentType(), Json.bytes(payload.json()));
        }
        try {
            return new dev.quern.function.Payload(
                    payload.contentType(), Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException e) {
            throw wrong(index, "'base64' is not base64");
        }
    }

    private static QuernException wrong(int index, String what) {
        return QuernException.invalid("'inputs[" + index + "]': " + what);
    }
}
