package dev.quern.vector;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DocValuesType;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.BytesRef;

/// A row as a Lucene document.
///
/// | field | what |
/// |---|---|
/// | `id` | one term, and binary doc values: the id's UTF-8 |
/// | `row` | stored: [RowFormat], everything but the vector |
/// | `text` | indexed text, when the row has one |
/// | `vector` | f32 vector; under cosine of length 1, compared by dot product |
/// | `a:NAME` | string, boolean, list: terms; long, double: points and doc values |
final class RowDocuments {
    static final String ID = "id";
    static final String ROW = "row";
    static final String TEXT = "text";
    static final String VECTOR = "vector";

    private static final Set<String> ONLY_ROW = Set.of(ROW);
    private static final FieldType ID_TYPE = new FieldType();

    static {
        ID_TYPE.setTokenized(false);
        ID_TYPE.setOmitNorms(true);
        ID_TYPE.setIndexOptions(IndexOptions.DOCS);
        ID_TYPE.setDocValuesType(DocValuesType.BINARY);
        ID_TYPE.freeze();
    }

    private final VectorSimilarityFunction similarity;

    RowDocuments(Metric metric) {
        this.similarity =
                switch (metric) {
                    case COSINE -> VectorSimilarityFunction.DOT_PRODUCT;
                    case DOT -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
                    case L2 -> VectorSimilarityFunction.EUCLIDEAN;
                };
    }

    /// The Lucene field of an attribute.
    static String attribute(String name) {
        return "a:" + name;
    }

    static Term id(String id) {
        return new Term(ID, id);
    }

    /// @param row its attributes conform to `types`
    Document document(Row row, AttributeTypes types) {
        Document document = new Document();
        document.add(new Field(ID, new BytesRef(row.id()), ID_TYPE));
        document.add(new StoredField(ROW, RowFormat.encodeStored(row)));
        document.add(new KnnFloatVectorField(VECTOR, row.vector(), similarity));
        row.text().ifPresent(text -> document.add(new TextField(TEXT, text, Field.Store.NO)));
        for (Map.Entry<String, Object> entry : row.attributes().entrySet()) {
            AttributeType type = types.find(entry.getKey());
            if (type == AttributeType.of(entry.getValue())) {
                addAttribute(document, attribute(entry.getKey()), entry.getValue());
            }
        }
        return document;
    }

    private static void addAttribute(Document document, String field, Object value) {
        switch (value) {
            case Long whole -> document.add(new LongField(field, whole, Field.Store.NO));
            // Adding 0.0 makes the two zeros one, which sorted bits would tell apart.
            case Double number ->
                    document.add(new DoubleField(field, number + 0.0, Field.Store.NO));
            case List<?> strings ->
                    strings.forEach(string -> addTerm(document, field, (String) string));
            default -> addTerm(document, field, FilterQueries.term(value));
        }
    }

    private static void addTerm(Document document, String field, String term) {
        document.add(new StringField(field, term, Field.Store.NO));
    }

    /// The row of a document, its vector of length 0.
    static Row row(StoredFields stored, int doc) throws IOException {
        BytesRef bytes = stored.document(doc, ONLY_ROW).getBinaryValue(ROW);
        byte[] exact = new byte[bytes.length];
        System.arraycopy(bytes.bytes, bytes.offset, exact, 0, bytes.length);
        return RowFormat.decodeStored(exact);
    }
}
