package dev.quern.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A write batch as it lies in the log: inside a tail fact, or in chunks that one names
/// ([TailFormat]).
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | deletes | count, ids as strings |
/// | has filter | u8, 0 or 1 |
/// | filter, if it has | [FilterFormat] |
/// | dims | count |
/// | rows | count, then for each: [RowFormat], then `dims` f32 |
///
/// Little-endian. Integrity is the log's and the chunk store's matter (CRC32C, SHA-256); bytes that
/// are not a frame are `CORRUPT`. A change of the layout gets the next version, and readers keep
/// reading the old ones.
final class WriteFormat {
    private static final int VERSION = 1;

    private WriteFormat() {}

    /// @param dims length of every row's vector
    static byte[] encode(WriteBatch batch, int dims) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.count(batch.deleteIds().size());
        batch.deleteIds().forEach(out::utf8);
        out.u8(batch.deleteWhere().isPresent() ? 1 : 0);
        batch.deleteWhere().ifPresent(filter -> FilterFormat.write(out, filter));
        out.count(dims);
        out.count(batch.upserts().size());
        for (Row row : batch.upserts()) {
            RowFormat.write(out, row);
            out.floats(row.vector());
        }
        return out.toBytes();
    }

    static WriteBatch decode(byte[] bytes) {
        FrameInput in = new FrameInput("write frame", bytes);
        in.version(VERSION);
        List<String> deleteIds = new ArrayList<>();
        for (int left = in.count(1); left > 0; left--) {
            deleteIds.add(in.utf8());
        }
        Optional<Filter> deleteWhere =
                in.flag() ? Optional.of(FilterFormat.read(in)) : Optional.empty();
        int dims = in.number(CollectionSpec.MAX_DIMS);
        List<Row> upserts = new ArrayList<>();
        for (int left = in.count(3 + dims * Float.BYTES); left > 0; left--) {
            Row row = RowFormat.read(in, new float[0]);
            upserts.add(RowFormat.withVector(row, in.floats(dims)));
        }
        in.end();
        return new WriteBatch(upserts, deleteIds, deleteWhere);
    }
}
