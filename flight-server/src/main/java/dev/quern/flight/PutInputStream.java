package dev.quern.flight;

import dev.quern.common.QuernException;
import java.io.InputStream;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseLargeVariableWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/// The bytes of an uploaded file, taken from its batches as they are read: the column `data`, row
/// after row. Where there is a column `offset`, it must say where each row's bytes belong. Memory
/// is bounded by [PutStream]. Not thread-safe.
final class PutInputStream extends InputStream {
    private final PutStream batches;
    private long filePosition;
    private int row;
    private int rows;
    private @Nullable ArrowBuf data;
    private long position;
    private long limit;

    PutInputStream(PutStream batches) {
        this.batches = batches;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        while (position == limit) {
            if (!nextRow()) {
                return -1;
            }
        }
        int count = (int) Math.min(length, limit - position);
        Objects.requireNonNull(data).getBytes(position, target, offset, count);
        position += count;
        filePosition += count;
        return count;
    }

    private boolean nextRow() {
        while (row == rows) {
            if (!batches.next()) {
                return false;
            }
            row = 0;
            rows = batches.batch().getRowCount();
        }
        enter(batches.batch(), row++);
        return true;
    }

    private void enter(VectorSchemaRoot batch, int index) {
        FieldVector column = batch.getVector(FlightSchemas.DATA);
        if (column.isNull(index)) {
            throw QuernException.invalid(
                    "data at file offset " + filePosition + " is null; expected bytes");
        }
        BigIntVector offsets = (BigIntVector) batch.getVector(FlightSchemas.OFFSET);
        if (offsets != null && (offsets.isNull(index) || offsets.get(index) != filePosition)) {
            throw QuernException.invalid(
                    "offset must be "
                            + filePosition
                            + ", where the bytes so far end, got "
                            + offsets.getObject(index));
        }
        switch (column) {
            case BaseVariableWidthVector small -> {
                ArrowBuf bounds = small.getOffsetBuffer();
                position = bounds.getInt((long) index * Integer.BYTES);
                limit = bounds.getInt((index + 1L) * Integer.BYTES);
            }
            case BaseLargeVariableWidthVector large -> {
                ArrowBuf bounds = large.getOffsetBuffer();
                position = bounds.getLong((long) index * Long.BYTES);
                limit = bounds.getLong((index + 1L) * Long.BYTES);
            }
            default -> throw QuernException.internal("data column is a " + column.getClass(), null);
        }
        data = column.getDataBuffer();
    }
}
