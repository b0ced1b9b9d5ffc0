package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A row of a collection. Not comparable by `equals`, because of the arrays.
///
/// @param id 1 to 512 bytes of UTF-8
/// @param vectors by field, one number per dimension, not to be modified; none in answers to
///   requests that did not ask for vectors
/// @param texts by field, searched by BM25, at most 1 MiB of UTF-8 each
/// @param attributes by name, in name order, each of a Java type that [AttributeType] names; the
///   constructor widens the smaller number types, cuts moments to milliseconds, makes a list of
///   integers and decimals one of decimals, and refuses anything else
/// @param version the token of the write that stored the row; [#UNVERSIONED] for a row of an index
///   that kept none; 0 where it was not asked for; without meaning in a row to write
/// @param expires from then on, to the millisecond, the row is not there any more
public record Row(
        String id,
        Map<String, float[]> vectors,
        Map<String, String> texts,
        Map<String, Object> attributes,
        long version,
        Optional<Instant> expires) {
    /// The version of rows that were stored before versions were kept: no write has this token.
    public static final long UNVERSIONED = 1;

    private static final int MAX_JSON_DEPTH = 32;
    private static final float[] NO_VECTOR = {};

    /// Normalises the attributes.
    ///
    /// @throws QuernException `INVALID` naming the row and the attribute whose type is none of
    ///   those
    public Row {
        vectors = sorted(vectors);
        texts = sorted(texts);
        attributes = typed(id, attributes);
        expires =
                expires.map(moment -> {
                    if (!Moments.isInRange(moment)) {
                        throw QuernException.invalid(
                                "row \""
                                        + Names.abbreviate(id)
                                        + "\" expires at "
                                        + moment
                                        + ", outside the years 0 to 9999");
                    }
                    return moment.truncatedTo(ChronoUnit.MILLIS);
                });
    }

    /// A row that does not expire.
    public Row(
            String id,
            Map<String, float[]> vectors,
            Map<String, String> texts,
            Map<String, Object> attributes) {
        this(id, vectors, texts, attributes, 0, Optional.empty());
    }

    /// A row of a collection with the fields [CollectionSchema#VECTOR] and [CollectionSchema#TEXT].
    ///
    /// @param vector of length 0 for none
    public Row(String id, Optional<String> text, float[] vector, Map<String, Object> attributes) {
        this(
                id,
                vector.length == 0 ? Map.of() : Map.of(CollectionSchema.VECTOR, vector),
                text.map(t -> Map.of(CollectionSchema.TEXT, t)).orElse(Map.of()),
                attributes);
    }

    /// The vector of the field [CollectionSchema#VECTOR]; of length 0 if there is none.
    public float[] vector() {
        return vectors.getOrDefault(CollectionSchema.VECTOR, NO_VECTOR);
    }

    /// The text of the field [CollectionSchema#TEXT].
    public Optional<String> text() {
        return Optional.ofNullable(texts.get(CollectionSchema.TEXT));
    }

    /// The row with other vectors.
    public Row withVectors(Map<String, float[]> others) {
        return new Row(id, others, texts, attributes, version, expires);
    }

    /// The row with other attributes.
    Row withAttributes(Map<String, Object> others) {
        return new Row(id, vectors, texts, others, version, expires);
    }

    /// The row with another version and expiry.
    Row stamped(long otherVersion, Optional<Instant> otherExpires) {
        return new Row(id, vectors, texts, attributes, otherVersion, otherExpires);
    }

    /// The row with another expiry.
    public Row expiring(Optional<Instant> at) {
        return new Row(id, vectors, texts, attributes, version, at);
    }

    /// Whether the row is not there any more.
    boolean isExpired(Instant now) {
        return expires.isPresent() && !expires.get().isAfter(now);
    }

    private static <V> Map<String, V> sorted(Map<String, V> fields) {
        return fields.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(fields));
    }

    private static Map<String, Object> typed(String id, Map<String, Object> attributes) {
        if (attributes.isEmpty()) {
            return Map.of();
        }
        Map<String, Object> typed = new TreeMap<>();
        for (Map.Entry<String, Object> entry : attributes.entrySet()) {
            typed.put(entry.getKey(), typed(id, entry.getKey(), entry.getValue()));
        }
        return Collections.unmodifiableMap(typed);
    }

    private static Object typed(String id, String name, @Nullable Object value) {
        return switch (value) {
            case List<?> list -> list(id, name, list, 1);
            case Map<?, ?> object -> object(id, name, object, 1);
            case null -> throw refused(id, name, "null: leave the attribute out instead");
            default -> scalar(id, name, value);
        };
    }

    private static Object scalar(String id, String name, Object value) {
        return switch (value) {
            case String s -> s;
            case Long l -> l;
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Byte b -> (long) b;
            case Double d -> d;
            case Float f -> (double) f;
            case Boolean b -> b;
            case Instant moment when Moments.isInRange(moment) ->
                    moment.truncatedTo(ChronoUnit.MILLIS);
            case Instant moment ->
                    throw refused(id, name, moment + ", outside the years 0 to 9999");
            default -> throw refused(id, name, value.getClass().getSimpleName());
        };
    }

    private static List<Object> list(String id, String name, List<?> list, int depth) {
        List<Object> elements = new ArrayList<>(list.size());
        boolean whole = false;
        boolean decimal = false;
        boolean other = false;
        for (Object element : list) {
            Object json = json(id, name, element, depth + 1);
            elements.add(json);
            whole |= json instanceof Long;
            decimal |= json instanceof Double;
            other |= !(json instanceof Long || json instanceof Double);
        }
        if (whole && decimal && !other) {
            elements.replaceAll(
                    e -> e instanceof Long l && Numbers.isExact(l) ? (Object) (double) l : e);
        }
        return Collections.unmodifiableList(elements);
    }

    private static Map<String, Object> object(String id, String name, Map<?, ?> object, int depth) {
        Map<String, Object> members = new TreeMap<>();
        object.forEach((key, value) -> {
            if (!(key instanceof String member)) {
                throw refused(id, name, "an object with a key that is no string");
            }
            members.put(member, json(id, name, value, depth + 1));
        });
        return Collections.unmodifiableMap(members);
    }

    /// A value within a list or an object; null stands for JSON's null.
    @SuppressWarnings("NullAway") // collections of JSON values hold nulls
    private static @Nullable Object json(
            String id, String name, @Nullable Object value, int depth) {
        if (depth > MAX_JSON_DEPTH) {
            throw refused(id, name, "a value nested more than " + MAX_JSON_DEPTH + " deep");
        }
        return switch (value) {
            case null -> null;
            case List<?> list -> list(id, name, list, depth);
            case Map<?, ?> object -> object(id, name, object, depth);
            default -> scalar(id, name, value);
        };
    }

    private static QuernException refused(String id, String name, String what) {
        return QuernException.invalid(
                "row \""
                        + Names.abbreviate(id)
                        + "\": attribute \""
                        + Names.abbreviate(name)
                        + "\" must be a string, a 64-bit integer, a finite number, a boolean, a"
                        + " datetime, a list of these or JSON, got "
                        + what);
    }
}
