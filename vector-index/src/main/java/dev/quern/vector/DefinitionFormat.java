package dev.quern.vector;

import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The value of a collection's fact; its name is the last component of the key.
///
/// | field | type |
/// |---|---|
/// | version | u8, 3 |
/// | id | string, 16 hex digits |
/// | created at | i64, milliseconds since 1970 |
/// | epoch | i64, log index before the last rollback; 0 if there was none |
/// | aliases | count, then a string for each, in strictly ascending order |
///
/// Version 2 ended after created at: no rollback, no alias. In version 1 the one vector field
/// followed: dims as a count; metric u8 as in [SchemaFormat]; u8 0 or 1, then, if 1, the model as a
/// string.
final class DefinitionFormat {
    private static final int VERSION = 3;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{16}");

    private DefinitionFormat() {}

    static byte[] encode(Definition definition) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.utf8(definition.id());
        out.i64(definition.createdAt().toEpochMilli());
        out.i64(definition.epoch());
        out.count(definition.aliases().size());
        definition.aliases().forEach(out::utf8);
        return out.toBytes();
    }

    static Definition decode(SpaceId space, MetaLog.Fact fact) {
        String name = fact.key().last();
        FrameInput in = new FrameInput("collection fact \"" + name + "\"", fact.value());
        int version = in.version(1, VERSION);
        String id = in.utf8();
        if (!ID.matcher(id).matches()) {
            throw in.corrupt("has an id that is not 16 hex digits");
        }
        Instant createdAt = Instant.ofEpochMilli(in.i64());
        Optional<VectorField> vector =
                version == 1 ? Optional.of(SchemaFormat.readShape(in)) : Optional.empty();
        long epoch = version < 3 ? 0 : in.i64();
        if (epoch < 0) {
            throw in.corrupt("has epoch " + epoch);
        }
        List<String> aliases = version < 3 ? List.of() : readAliases(in);
        in.end();
        return new Definition(space, name, id, createdAt, vector, aliases, epoch, fact.version());
    }

    private static List<String> readAliases(FrameInput in) {
        TreeMap<String, Boolean> aliases = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            aliases.put(in.nameAfter(aliases), true);
        }
        return List.copyOf(aliases.keySet());
    }
}
