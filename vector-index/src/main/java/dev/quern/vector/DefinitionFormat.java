package dev.quern.vector;

import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/// The value of a collection's fact; its name is the last component of the key.
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | id | string, 16 hex digits |
/// | created at | i64, milliseconds since 1970 |
/// | dims | count |
/// | metric | u8: 0 cosine, 1 dot, 2 l2 |
/// | has model | u8, 0 or 1 |
/// | model, if it has | string |
final class DefinitionFormat {
    private static final int VERSION = 1;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{16}");

    private DefinitionFormat() {}

    static byte[] encode(Definition definition) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.utf8(definition.id());
        out.i64(definition.createdAt().toEpochMilli());
        out.count(definition.dims());
        out.u8(code(definition.metric()));
        out.u8(definition.model().isPresent() ? 1 : 0);
        definition.model().ifPresent(out::utf8);
        return out.toBytes();
    }

    static Definition decode(SpaceId space, MetaLog.Fact fact) {
        String name = fact.key().last();
        FrameInput in = new FrameInput("collection fact \"" + name + "\"", fact.value());
        in.version(VERSION);
        String id = in.utf8();
        if (!ID.matcher(id).matches()) {
            throw in.corrupt("has an id that is not 16 hex digits");
        }
        Definition definition =
                new Definition(
                        space,
                        name,
                        id,
                        Instant.ofEpochMilli(in.i64()),
                        in.number(CollectionSpec.MAX_DIMS),
                        metric(in),
                        in.flag() ? Optional.of(in.utf8()) : Optional.empty(),
                        fact.version());
        in.end();
        return definition;
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
