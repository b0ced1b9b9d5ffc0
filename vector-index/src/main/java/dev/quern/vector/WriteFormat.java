package dev.quern.vector;

import dev.quern.common.QuernException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// A write batch as it lies in the log: inside a tail fact, or in chunks that one names
/// ([TailFormat]).
///
/// | field | type |
/// |---|---|
/// | version | u8, 3 |
/// | deletes | count, ids as strings |
/// | has filter | u8, 0 or 1 |
/// | filter, if it has | [FilterFormat] |
/// | vector fields | count, then for each, in strictly ascending name order: name string, dims count |
/// | rows | count, then for each: |
/// | .. row | [RowFormat] |
/// | .. expires | u8, 0 or 1; if 1, i64, milliseconds since 1970 |
/// | .. vectors | for each vector field u8 0 or 1 and, if 1, its `dims` f32 |
///
/// Little-endian. Integrity is the log's and the chunk store's matter (CRC32C, SHA-256); bytes that
/// are not a frame are `CORRUPT`. A change of the layout gets the next version, and readers keep
/// reading the old ones. In versions 1 and 2 rows had no `expires`. In version 1 the vector fields
/// were one, [CollectionSchema#VECTOR], given by its dims as a count alone, and each row had it,
/// without the u8.
final class WriteFormat {
    private static final int VERSION = 3;

    private WriteFormat() {}

    /// @param batch all vectors of a field have as many dimensions
    static byte[] encode(WriteBatch batch) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.count(batch.deleteIds().size());
        batch.deleteIds().forEach(out::utf8);
        out.u8(batch.deleteWhere().isPresent() ? 1 : 0);
        batch.deleteWhere().ifPresent(filter -> FilterFormat.write(out, filter));
        TreeMap<String, Integer> fields = new TreeMap<>();
        batch.upserts()
                .forEach(row -> row.vectors().forEach((name, v) -> fields.put(name, v.length)));
        out.count(fields.size());
        fields.forEach((name, dims) -> {
            out.utf8(name);
            out.count(dims);
        });
        out.count(batch.upserts().size());
        for (Row row : batch.upserts()) {
            RowFormat.write(out, row);
            out.u8(row.expires().isPresent() ? 1 : 0);
            row.expires().ifPresent(at -> out.i64(at.toEpochMilli()));
            for (String field : fields.keySet()) {
                float[] vector = row.vectors().get(field);
                out.u8(vector == null ? 0 : 1);
                if (vector != null) {
                    out.floats(vector);
                }
            }
        }
        return out.toBytes();
    }

    static WriteBatch decode(byte[] bytes) {
        FrameInput in = new FrameInput("write frame", bytes);
        int version = in.version(1, VERSION);
        List<String> deleteIds = new ArrayList<>();
        for (int left = in.count(1); left > 0; left--) {
            deleteIds.add(in.utf8());
        }
        Optional<Filter> deleteWhere =
                in.flag() ? Optional.of(FilterFormat.read(in)) : Optional.empty();
        TreeMap<String, Integer> fields = new TreeMap<>();
        if (version == 1) {
            fields.put(CollectionSchema.VECTOR, in.number(VectorField.MAX_DIMS));
        } else {
            readFields(in, fields);
        }
        List<Row> upserts = new ArrayList<>();
        try {
            for (int left = in.count(3); left > 0; left--) {
                Row row = RowFormat.read(in, Math.min(version, RowFormat.VERSION));
                Optional<Instant> expires =
                        version > 2 && in.flag()
                                ? Optional.of(RowFormat.readMoment(in))
                                : Optional.empty();
                upserts.add(row.withVectors(readVectors(in, version, fields)).expiring(expires));
            }
        } catch (QuernException e) {
            throw switch (e.kind()) {
                case INVALID -> in.corrupt("has a row that none could write: " + e.getMessage());
                default -> e;
            };
        }
        in.end();
        return new WriteBatch(upserts, deleteIds, deleteWhere);
    }

    private static void readFields(FrameInput in, NavigableMap<String, Integer> fields) {
        for (int left = in.count(2); left > 0; left--) {
            fields.put(in.nameAfter(fields), in.number(VectorField.MAX_DIMS));
        }
    }

    private static Map<String, float[]> readVectors(
            FrameInput in, int version, NavigableMap<String, Integer> fields) {
        Map<String, float[]> vectors = new TreeMap<>();
        fields.forEach((name, dims) -> {
            if (version == 1 || in.flag()) {
                vectors.put(name, in.floats(dims));
            }
        });
        return vectors;
    }
}
