package dev.quern.flight;

import dev.quern.vector.IdType;
import dev.quern.vector.WriteResult;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The answer to a batch of rows; to several, when the client did not read the answers as they
/// came.
///
/// @param upserted rows written since the answer before
/// @param token position of the last write in the log
/// @param skipped rows that the mode passed over since the answer before
/// @param skippedIds ids of the first 1,000 of them: strings, or numbers where ids are that
record RowAck(long upserted, long token, long skipped, List<Object> skippedIds) {
    /// Before any write.
    static final RowAck NOTHING = new RowAck(0, 0, 0, List.of());

    /// The answer to a write.
    static RowAck of(WriteResult result, IdType ids) {
        List<Object> skipped = new ArrayList<>();
        for (String id : result.skipped().ids()) {
            skipped.add(
                    switch (ids) {
                        case STRING -> id;
                        case UINT64 -> new BigInteger(id);
                    });
        }
        return new RowAck(result.upserted(), result.token(), result.skipped().count(), skipped);
    }

    /// This answer and a later one in one.
    RowAck and(RowAck later) {
        List<Object> ids = skippedIds;
        int room = WriteResult.Skipped.MAX_IDS - ids.size();
        if (room > 0 && !later.skippedIds.isEmpty()) {
            ids = new ArrayList<>(ids);
            ids.addAll(later.skippedIds.subList(0, Math.min(room, later.skippedIds.size())));
        }
        return new RowAck(upserted + later.upserted, later.token, skipped + later.skipped, ids);
    }

    /// As HTTP answers an upsert: what was skipped only if there is any.
    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("upserted", upserted);
        body.put("token", token);
        if (skipped > 0) {
            body.put("skipped", skipped);
            body.put("skipped_ids", skippedIds);
        }
        return body;
    }
}
