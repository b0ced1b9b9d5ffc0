package dev.quern.vector;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.DoubleField;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
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
/// | `id` | one term, and binary doc values: the id as its [IdType] has it |
/// | `row` | stored: [RowFormat], everything but the vector |
/// | `text`, `t:NAME` | indexed text of the field [CollectionSchema#TEXT], of any other |
/// | `vector`, `v:NAME` | f32 vector of the field [CollectionSchema#VECTOR], of any other; under cosine of length 1, compared by dot product |
/// | `version` | numeric doc values: the token of the write; absent in segments of earlier versions |
/// | `expires` | point and numeric doc values: milliseconds since 1970; absent in rows that stay |
/// | `a:NAME` | string, bool: terms; int64, float64, datetime (milliseconds): points and doc values; a list: each element; json: nothing |
final class RowDocuments {
    static final String ID = "id";
    static final String ROW = "row";
    static final String VERSION = "version";
    static final String EXPIRES = "expires";

    private static final Set<String> ONLY_ROW = Set.of(ROW);
    private static final FieldType ID_TYPE = new FieldType();

    static {
        ID_TYPE.setTokenized(false);
        ID_TYPE.setOmitNorms(true);
        ID_TYPE.setIndexOptions(IndexOptions.DOCS);
        ID_TYPE.setDocValuesType(DocValuesType.BINARY);
        ID_TYPE.freeze();
    }

    private RowDocuments() {}

    private static VectorSimilarityFunction similarity(Metric metric) {
        return switch (metric) {
            case COSINE -> VectorSimilarityFunction.DOT_PRODUCT;
            case DOT -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
            case L2 -> VectorSimilarityFunction.EUCLIDEAN;
        };
    }

    /// The Lucene field of a vector field.
    static String vector(String name) {
        return name.equals(CollectionSchema.VECTOR) ? name : "v:" + name;
    }

    /// The Lucene field of a text field.
    static String text(String name) {
        return name.equals(CollectionSchema.TEXT) ? name : "t:" + name;
    }

    /// The text field of a Lucene field that [#text] gave.
    static String textName(String luceneField) {
        return luceneField.startsWith("t:") ? luceneField.substring(2) : luceneField;
    }

    /// The Lucene field of an attribute.
    static String attribute(String name) {
        return "a:" + name;
    }

    static Term id(String id, Schema schema) {
        return new Term(ID, schema.fields().ids().term(id));
    }

    /// @param row conforms to the schema
    /// @param token of the write
    static Document document(Row row, long token, Schema schema) {
        Document document = new Document();
        document.add(new Field(ID, schema.fields().ids().term(row.id()), ID_TYPE));
        document.add(new StoredField(ROW, RowFormat.encodeStored(row)));
        document.add(new NumericDocValuesField(VERSION, token));
        row.expires()
                .ifPresent(at -> {
                    document.add(new LongPoint(EXPIRES, at.toEpochMilli()));
                    document.add(new NumericDocValuesField(EXPIRES, at.toEpochMilli()));
                });
        row.vectors()
                .forEach((name, vector) ->
                        document.add(
                                new KnnFloatVectorField(
                                        vector(name),
                                        vector,
                                        similarity(schema.vector(name).metric()))));
        row.texts()
                .forEach((name, text) ->
                        document.add(
                                new org.apache.lucene.document.TextField(
                                        text(name), text, Field.Store.NO)));
        for (Map.Entry<String, Object> entry : row.attributes().entrySet()) {
            AttributeType type = schema.find(entry.getKey());
            Object value = entry.getValue();
            if (type != AttributeType.JSON && type == AttributeType.of(value)) {
                addAttribute(document, attribute(entry.getKey()), value);
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
            case Instant moment ->
                    document.add(new LongField(field, moment.toEpochMilli(), Field.Store.NO));
            case List<?> list -> list.forEach(each -> addAttribute(document, field, each));
            default -> addTerm(document, field, FilterQueries.term(value));
        }
    }

    private static void addTerm(Document document, String field, String term) {
        document.add(new StringField(field, term, Field.Store.NO));
    }

    /// The row of a document, without vectors, version and expiry.
    static Row row(StoredFields stored, int doc) throws IOException {
        BytesRef bytes = stored.document(doc, ONLY_ROW).getBinaryValue(ROW);
        byte[] exact = new byte[bytes.length];
        System.arraycopy(bytes.bytes, bytes.offset, exact, 0, bytes.length);
        return RowFormat.decodeStored(exact);
    }
}
