package dev.quern.vector.fused;

import java.io.IOException;
import java.util.List;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.store.IndexInput;

/// A field's entry in the metadata; [FusedVectorsFormat] specifies it.
///
/// @param field number of the field
/// @param count vertices
/// @param entry where walks begin
/// @param seed of the rotation
/// @param start offset of the first block
record GraphMeta(
        int field,
        VectorSimilarityFunction similarity,
        int dims,
        int count,
        int entry,
        long seed,
        long start) {
    private static final List<VectorSimilarityFunction> SIMILARITIES =
            List.of(
                    VectorSimilarityFunction.EUCLIDEAN,
                    VectorSimilarityFunction.DOT_PRODUCT,
                    VectorSimilarityFunction.COSINE,
                    VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT);

    BlockLayout layout() {
        return BlockLayout.of(dims);
    }

    long bytes() {
        return (long) count * layout().bytes();
    }

    Measure measure() {
        return Measure.of(similarity != VectorSimilarityFunction.EUCLIDEAN);
    }

    void write(DataOutput out) throws IOException {
        out.writeInt(field);
        out.writeByte((byte) SIMILARITIES.indexOf(similarity));
        out.writeInt(dims);
        out.writeInt(count);
        out.writeInt(entry);
        out.writeLong(seed);
        out.writeLong(start);
    }

    /// Reads what follows a field's number, and checks it against the field.
    static GraphMeta read(int number, IndexInput in, FieldInfos fields) throws IOException {
        long at = in.getFilePointer();
        int similarity = in.readByte();
        GraphMeta meta =
                new GraphMeta(
                        number,
                        similarity >= 0 && similarity < SIMILARITIES.size()
                                ? SIMILARITIES.get(similarity)
                                : VectorSimilarityFunction.EUCLIDEAN,
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readLong(),
                        in.readLong());
        FieldInfo info = number < 0 ? null : fields.fieldInfo(number);
        boolean fits =
                info != null
                        && info.getVectorEncoding() == VectorEncoding.FLOAT32
                        && info.getVectorDimension() == meta.dims
                        && similarity == SIMILARITIES.indexOf(info.getVectorSimilarityFunction())
                        && meta.dims > 0
                        && meta.count > 0
                        && meta.entry >= 0
                        && meta.entry < meta.count
                        && meta.start >= 0
                        && meta.start % FusedVectorsFormat.ALIGNMENT == 0;
        if (!fits) {
            throw new CorruptIndexException(
                    meta + " does not fit field number " + number + " at offset " + at, in);
        }
        return meta;
    }
}
