package dev.quern.http;

import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import io.vertx.core.MultiMap;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What a handler sees of a request whose token was checked and whose route was found.
///
/// @param id the request id
/// @param method as it came
/// @param principal who asks; empty on open routes
/// @param parameters what the braces of the route's template stand for, decoded
/// @param query the parameters after the `?`
/// @param headers as they came
/// @param body as a stream; [#json] and [#bytes] read it whole, within their bounds
/// @param share of the memory for bodies
/// @param maxJsonBytes largest JSON body
/// @param abandoned whether the answer is wanted no more: the client is gone, or the server closes
record Request(
        String id,
        String method,
        Optional<Principal> principal,
        Map<String, String> parameters,
        Query query,
        MultiMap headers,
        RequestBody body,
        BodyBudget.Lease share,
        long maxJsonBytes,
        BooleanSupplier abandoned) {

    SpaceId space() {
        return principal
                .orElseThrow(() -> new IllegalStateException("an open route has no space"))
                .space();
    }

    /// What `{name}` stands for.
    String path(String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no {" + name + "} in the route's template");
        }
        return value;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /// The media type of the body, lower-case and without parameters; empty when not said.
    Optional<String> mediaType() {
        return header("content-type")
                .map(value -> value.split(";", 2)[0].strip().toLowerCase(Locale.ROOT));
    }

    /// Reads a JSON body.
    ///
    /// @throws Refusal 413
    /// @throws QuernException `INVALID` naming what is wrong with it; `EXHAUSTED`
    <T extends Record> T json(Class<T> type) throws IOException {
        return Json.read(bounded("the JSON body", maxJsonBytes), type);
    }

    /// Reads a JSON body that has rows or ids of a collection.
    ///
    /// @throws Refusal 413
    /// @throws QuernException as [#json(Class)]
    <T extends Record> T json(Class<T> type, RowReading rows) throws IOException {
        return Json.read(bounded("the JSON body", maxJsonBytes), type, rows);
    }

    /// Reads a JSON body that may be left out.
    ///
    /// @param whenAbsent what an empty body stands for
    /// @throws Refusal 413
    /// @throws QuernException as [#json(Class)]
    <T extends Record> T json(Class<T> type, T whenAbsent) throws IOException {
        byte[] bytes = bytes("the JSON body", maxJsonBytes);
        return bytes.length == 0 ? whenAbsent : Json.read(new ByteArrayInputStream(bytes), type);
    }

    /// Reads a body whole.
    ///
    /// @param what it is, for the message
    /// @throws Refusal 413
    /// @throws QuernException `EXHAUSTED`
    byte[] bytes(String what, long limitBytes) throws IOException {
        return bounded(what, limitBytes).readAllBytes();
    }

    private InputStream bounded(String what, long limitBytes) {
        body.limit(what, limitBytes);
        share.take(body.declaredBytes().orElse(0));
        return share.counting(body);
    }
}
