package dev.quern.http;

import dev.quern.vector.CollectionSchema;

/// What a field of a row is that is only given by its name.
enum FieldKind {
    ID,
    VECTOR,
    TEXT,
    ATTRIBUTE;

    /// What the schema says; a name that it does not have is an attribute's, but for `vector` and
    /// `text`, whose absence is for the collection to complain of.
    static FieldKind of(String name, CollectionSchema schema) {
        if (name.equals("id")) {
            return ID;
        }
        if (schema.vectors().containsKey(name)) {
            return VECTOR;
        }
        if (schema.texts().containsKey(name)) {
            return TEXT;
        }
        if (schema.attributes().containsKey(name)) {
            return ATTRIBUTE;
        }
        return switch (name) {
            case CollectionSchema.VECTOR -> VECTOR;
            case CollectionSchema.TEXT -> TEXT;
            default -> ATTRIBUTE;
        };
    }
}
