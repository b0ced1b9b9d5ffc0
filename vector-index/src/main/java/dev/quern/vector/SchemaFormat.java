package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog;
import java.time.Instant;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The value of the fact that holds a collection's schema.
///
/// | field | type |
/// |---|---|
/// | version | u8, 4 |
/// | strict | u8, 0 or 1 |
/// | ids | u8: 0 not decided, else [IdType#code] |
/// | vectors | count, then for each: name string; dims count; metric u8 (0 cosine, 1 dot, 2 l2); u8 0 or 1, then, if 1, model string; source string |
/// | texts | count, then for each: name string, analyzer string |
/// | attributes | count, then for each: name string, u8 [AttributeType#code] |
/// | tuned widths | count, then for each: name string of a vector field; width count; u8 0 or 1, then, if 1, target f64; k count; recall f64; queries count; rows i64; at i64, milliseconds since 1970 |
///
/// Each in strictly ascending name order. Version 3 had no tuned widths. Version 2 had no `ids`:
/// they are strings, as in version
/// 1. Version 1 was version and attributes alone, of types 1 to 5: the vector field was in
///    [DefinitionFormat], the text field always [CollectionSchema#TEXT] in English.
final class SchemaFormat {
    private static final int VERSION = 4;

    private SchemaFormat() {}

    static byte[] encode(Schema whole) {
        CollectionSchema schema = whole.fields();
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.u8(schema.strict() ? 1 : 0);
        out.u8(schema.idType().map(IdType::code).orElse(0));
        out.count(schema.vectors().size());
        schema.vectors()
                .forEach((name, field) -> {
                    out.utf8(name);
                    out.count(field.dims());
                    out.u8(code(field.metric()));
                    out.u8(field.model().isPresent() ? 1 : 0);
                    field.model().ifPresent(out::utf8);
                    out.utf8(field.source());
                });
        out.count(schema.texts().size());
        schema.texts()
                .forEach((name, field) -> {
                    out.utf8(name);
                    out.utf8(field.analyzer());
                });
        out.count(schema.attributes().size());
        schema.attributes()
                .forEach((name, type) -> {
                    out.utf8(name);
                    out.u8(type.code());
                });
        out.count(whole.tuned().size());
        whole.tuned()
                .forEach((name, tuned) -> {
                    out.utf8(name);
                    write(tuned, out);
                });
        return out.toBytes();
    }

    private static void write(TunedWidth tuned, FrameOutput out) {
        out.count(tuned.width());
        out.u8(tuned.measured().isPresent() ? 1 : 0);
        tuned.measured()
                .ifPresent(measured -> {
                    out.f64(measured.target());
                    out.count(measured.k());
                    out.f64(measured.recall());
                    out.count(measured.queries());
                    out.i64(measured.rows());
                    out.i64(measured.at().toEpochMilli());
                });
    }

    /// The schema of a collection from its fact.
    static Schema decode(Definition definition, MetaLog.Fact fact) {
        FrameInput in = new FrameInput("schema fact", fact.value());
        try {
            int version = in.version(1, VERSION);
            CollectionSchema schema =
                    version == 1
                            ? withAttributes(first(in, definition), readAttributes(in))
                            : read(in, version);
            NavigableMap<String, TunedWidth> tuned =
                    version < 4 ? new TreeMap<>() : readTuned(in, schema);
            in.end();
            return new Schema(fact.version(), schema, tuned);
        } catch (QuernException e) {
            throw switch (e.kind()) {
                case INVALID -> in.corrupt("has " + e.getMessage());
                default -> e;
            };
        }
    }

    /// The schema of a collection of version 1 before its first attribute.
    static Schema ofDefinition(Definition definition) {
        return new Schema(0, first(new FrameInput("schema fact", new byte[0]), definition));
    }

    private static CollectionSchema first(FrameInput in, Definition definition) {
        return CollectionSchema.of(
                        definition
                                .firstVector()
                                .orElseThrow(() -> in.corrupt("has no vector field")))
                .withIds(IdType.STRING);
    }

    private static CollectionSchema withAttributes(
            CollectionSchema schema, NavigableMap<String, AttributeType> attributes) {
        return new CollectionSchema(
                schema.vectors(), schema.texts(), attributes, false, Optional.of(IdType.STRING));
    }

    private static CollectionSchema read(FrameInput in, int version) {
        boolean strict = in.flag();
        Optional<IdType> ids = version == 2 ? Optional.of(IdType.STRING) : readIds(in);
        TreeMap<String, VectorField> vectors = new TreeMap<>();
        for (int left = in.count(5); left > 0; left--) {
            String name = in.nameAfter(vectors);
            VectorField shape = readShape(in);
            vectors.put(
                    name, new VectorField(shape.dims(), shape.metric(), shape.model(), in.utf8()));
        }
        TreeMap<String, TextField> texts = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.nameAfter(texts);
            texts.put(name, new TextField(in.utf8()));
        }
        return new CollectionSchema(vectors, texts, readAttributes(in), strict, ids);
    }

    private static NavigableMap<String, TunedWidth> readTuned(
            FrameInput in, CollectionSchema schema) {
        TreeMap<String, TunedWidth> tuned = new TreeMap<>();
        for (int left = in.count(3); left > 0; left--) {
            String name = in.nameAfter(tuned);
            if (!schema.vectors().containsKey(name)) {
                throw in.corrupt("has a width of no vector field");
            }
            int width = in.number(TunedWidth.MAX);
            tuned.put(
                    name,
                    new TunedWidth(
                            width, in.flag() ? Optional.of(measured(in)) : Optional.empty()));
        }
        return tuned;
    }

    private static TunedWidth.Measured measured(FrameInput in) {
        return new TunedWidth.Measured(
                in.f64(),
                in.number(Search.MAX_LIMIT),
                in.f64(),
                in.number(Integer.MAX_VALUE),
                in.i64(),
                Instant.ofEpochMilli(in.i64()));
    }

    private static Optional<IdType> readIds(FrameInput in) {
        int code = in.u8();
        if (code == 0) {
            return Optional.empty();
        }
        return Optional.of(
                Stream.of(IdType.values())
                        .filter(type -> type.code() == code)
                        .findFirst()
                        .orElseThrow(() -> in.corrupt("has id type " + code)));
    }

    private static NavigableMap<String, AttributeType> readAttributes(FrameInput in) {
        TreeMap<String, AttributeType> attributes = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.nameAfter(attributes);
            int code = in.u8();
            attributes.put(
                    name,
                    AttributeType.find(code)
                            .orElseThrow(() -> in.corrupt("has attribute type " + code)));
        }
        return attributes;
    }

    /// Dims, metric and model.
    static VectorField readShape(FrameInput in) {
        int dims = in.number(VectorField.MAX_DIMS);
        Metric metric = metric(in);
        Optional<String> model = in.flag() ? Optional.of(in.utf8()) : Optional.empty();
        try {
            return VectorField.of(dims, metric, model);
        } catch (QuernException e) {
            throw in.corrupt("has " + e.getMessage());
        }
    }

    private static int code(Metric metric) {
        return switch (metric) {
            case COSINE -> 0;
            case DOT -> 1;
            case L2 -> 2;
        };
    }

    private static Metric metric(FrameInput in) {
        int code = in.u8();
        return switch (code) {
            case 0 -> Metric.COSINE;
            case 1 -> Metric.DOT;
            case 2 -> Metric.L2;
            default -> throw in.corrupt("has metric " + code);
        };
    }
}
