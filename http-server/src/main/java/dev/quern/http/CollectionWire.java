package dev.quern.http;

import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.RowPage;
import dev.quern.common.wire.SearchHit;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.Hit;
import dev.quern.vector.Row;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collections and rows as the wire has them.
final class CollectionWire {
    private CollectionWire() {}

    static CollectionBody collection(CollectionInfo info) {
        return new CollectionBody(
                info.name(),
                info.id(),
                info.createdAt().toString(),
                info.dims(),
                info.metric().toString(),
                info.model().orElse(null),
                info.rows());
    }

    static RowBody row(Row row) {
        return new RowBody(
                row.id(), row.text().orElse(null), vector(row.vector()), row.attributes());
    }

    static RowPage page(dev.quern.vector.RowPage page) {
        return new RowPage(
                page.rows().stream().map(CollectionWire::row).toList(), page.next().orElse(null));
    }

    static SearchHit hit(Hit hit) {
        Row row = hit.row();
        return new SearchHit(
                row.id(),
                hit.score(),
                row.text().orElse(null),
                row.attributes(),
                vector(row.vector()));
    }

    private static @Nullable List<Float> vector(float[] vector) {
        return vector.length == 0 ? null : new FloatList(vector);
    }
}
