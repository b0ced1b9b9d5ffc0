package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The fields of a collection: vectors, texts and typed attributes, by name. It only ever grows: a
/// field keeps its type, because the rows that have it are indexed by it.
///
/// @param vectors vector fields, at most [#MAX_VECTORS]
/// @param texts text fields, at most [#MAX_TEXTS]
/// @param attributes declared ones, and those that rows have had; at most [#MAX_ATTRIBUTES]
/// @param strict true: a row with an attribute that is not declared is refused; false: its first
///   row declares it
/// @param idType empty: the first write decides it
public record CollectionSchema(
        NavigableMap<String, VectorField> vectors,
        NavigableMap<String, TextField> texts,
        NavigableMap<String, AttributeType> attributes,
        boolean strict,
        Optional<IdType> idType) {
    /// The vector field of a collection that has one and did not name it.
    public static final String VECTOR = "vector";

    /// The text field of a collection that did not name any.
    public static final String TEXT = "text";

    /// The most vector fields.
    public static final int MAX_VECTORS = 16;

    /// The most text fields.
    public static final int MAX_TEXTS = 16;

    /// The most attributes.
    public static final int MAX_ATTRIBUTES = 256;

    /// Keys of a row that are no fields.
    private static final Set<String> RESERVED = Set.of("id", "attributes");

    private static final Pattern FIELD = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,62}");

    /// Copies the maps and checks the bounds.
    public CollectionSchema {
        vectors = Collections.unmodifiableNavigableMap(new TreeMap<>(vectors));
        texts = Collections.unmodifiableNavigableMap(new TreeMap<>(texts));
        attributes = Collections.unmodifiableNavigableMap(new TreeMap<>(attributes));
        requireCount("vector fields", vectors.size(), MAX_VECTORS);
        requireCount("text fields", texts.size(), MAX_TEXTS);
        if (attributes.size() > MAX_ATTRIBUTES) {
            throw QuernException.invalid(
                    "collection would have "
                            + attributes.size()
                            + " different attributes, the bound is "
                            + MAX_ATTRIBUTES
                            + ": put what is not filtered on into one attribute of type json");
        }
    }

    /// A schema whose id type is not decided.
    public CollectionSchema(
            NavigableMap<String, VectorField> vectors,
            NavigableMap<String, TextField> texts,
            NavigableMap<String, AttributeType> attributes,
            boolean strict) {
        this(vectors, texts, attributes, strict, Optional.empty());
    }

    /// No fields.
    static CollectionSchema none() {
        return new CollectionSchema(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), false);
    }

    /// The schema of a collection that only says how its one vector is: fields [#VECTOR] and
    /// [#TEXT], attributes by their first rows.
    public static CollectionSchema of(VectorField vector) {
        return new CollectionSchema(
                new TreeMap<>(Map.of(VECTOR, vector)),
                new TreeMap<>(Map.of(TEXT, TextField.english())),
                new TreeMap<>(),
                false);
    }

    /// The vector field that a search or a row means when it names none: [#VECTOR], or the only
    /// one.
    public Optional<String> defaultVector() {
        return defaultOf(VECTOR, vectors);
    }

    /// The text field that is meant when none is named: [#TEXT], or the only one.
    public Optional<String> defaultText() {
        return defaultOf(TEXT, texts);
    }

    /// The type that ids have: strings as long as nothing has decided it.
    public IdType ids() {
        return idType.orElse(IdType.STRING);
    }

    /// This schema with its id type decided.
    ///
    /// @throws QuernException `CONFLICT` if it is decided otherwise
    public CollectionSchema withIds(IdType type) {
        if (idType.isPresent() && idType.get() != type) {
            throw QuernException.conflict(
                    "the collection's ids are "
                            + idType.get()
                            + ", asked for "
                            + type
                            + ": a collection keeps its id type; create another one with"
                            + " \"id\": \""
                            + type
                            + "\" in its schema and write the rows to it");
        }
        return new CollectionSchema(vectors, texts, attributes, strict, Optional.of(type));
    }

    private static Optional<String> defaultOf(String name, NavigableMap<String, ?> fields) {
        return fields.containsKey(name)
                ? Optional.of(name)
                : fields.size() == 1 ? Optional.of(fields.firstKey()) : Optional.empty();
    }

    /// This schema with the fields of another added; `strict` is the other's.
    ///
    /// @throws QuernException `INVALID` for a name that is not a field's, or means two fields;
    ///   `CONFLICT` for a field that is there with another type
    public CollectionSchema with(CollectionSchema more) {
        more.vectors.keySet().forEach(name -> requireFieldName("vector field", name));
        more.texts.keySet().forEach(name -> requireFieldName("text field", name));
        TreeMap<String, VectorField> allVectors = new TreeMap<>(vectors);
        more.vectors.forEach(
                (name, field) -> add(allVectors, name, field, VectorField::shape, "vector field"));
        TreeMap<String, TextField> allTexts = new TreeMap<>(texts);
        more.texts.forEach(
                (name, field) -> add(allTexts, name, field, TextField::analyzer, "text field"));
        TreeMap<String, AttributeType> allAttributes = new TreeMap<>(attributes);
        more.attributes.forEach((name, type) ->
                add(allAttributes, name, type, AttributeType::toString, "attribute"));
        CollectionSchema whole =
                new CollectionSchema(allVectors, allTexts, allAttributes, more.strict, idType);
        more.requireOneMeaningEach(whole);
        more.vectors.forEach((name, field) -> requireSource(whole, name, field));
        return more.idType.map(whole::withIds).orElse(whole);
    }

    private static <T> void add(
            Map<String, T> fields, String name, T field, Function<T, String> shape, String what) {
        T known = fields.putIfAbsent(name, field);
        if (known != null && !known.equals(field)) {
            throw QuernException.conflict(
                    what
                            + " \""
                            + Names.abbreviate(name)
                            + "\" is "
                            + shape.apply(known)
                            + ", asked for "
                            + shape.apply(field)
                            + ": a field keeps its type; add one of another name and write the"
                            + " rows to it");
        }
    }

    private static void requireSource(CollectionSchema whole, String name, VectorField field) {
        if (field.model().isPresent() && !whole.texts.containsKey(field.source())) {
            throw QuernException.invalid(
                    "vector field \""
                            + name
                            + "\" embeds text field \""
                            + field.source()
                            + "\", which the collection does not have; it has "
                            + (whole.texts.isEmpty()
                                    ? "none"
                                    : String.join(", ", whole.texts.keySet())));
        }
    }

    /// A flat row has one name for one thing.
    private void requireOneMeaningEach(CollectionSchema whole) {
        for (String name : vectors.keySet()) {
            requireOneMeaning(
                    name, whole.texts.containsKey(name) || whole.attributes.containsKey(name));
        }
        for (String name : texts.keySet()) {
            requireOneMeaning(
                    name, whole.vectors.containsKey(name) || whole.attributes.containsKey(name));
        }
        for (String name : attributes.keySet()) {
            requireOneMeaning(
                    name, whole.vectors.containsKey(name) || whole.texts.containsKey(name));
        }
    }

    private static void requireOneMeaning(String name, boolean taken) {
        if (taken) {
            throw QuernException.invalid(
                    "field \""
                            + Names.abbreviate(name)
                            + "\" would be two of vector, text and attribute: name one of them"
                            + " otherwise");
        }
    }

    /// @throws QuernException `INVALID`
    static String requireFieldName(String what, String name) {
        if (!FIELD.matcher(name).matches() || RESERVED.contains(name)) {
            throw QuernException.invalid(
                    what
                            + " name must be 1 to 63 characters of A-Z a-z 0-9 _ . - starting with"
                            + " a letter or _, and not id or attributes, got \""
                            + Names.abbreviate(name)
                            + "\"");
        }
        return name;
    }

    private static void requireCount(String what, int count, int max) {
        if (count > max) {
            throw QuernException.invalid(
                    "collection would have " + count + " " + what + ", the bound is " + max);
        }
    }
}
