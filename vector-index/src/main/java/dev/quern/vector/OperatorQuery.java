package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.vector.QueryString.Form;
import dev.quern.vector.QueryString.Part;
import dev.quern.vector.QueryString.Sign;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.util.QueryBuilder;
import org.apache.lucene.util.automaton.ByteRunAutomaton;
import org.jspecify.annotations.Nullable;

/// Makes a query with operators ([QueryString]) into Lucene's. A part is analysed as each field is;
/// a row that has it in several fields scores in each. One that nothing is left of, such as a stop
/// word, counts for nothing.
final class OperatorQuery {
    /// With the most conditions of a filter this stays below Lucene's bound of 1,024 clauses.
    static final int MAX_TERMS = 400;

    private final Schema schema;
    private final Map<String, Double> boosts;
    private int terms;

    private OperatorQuery(Schema schema, Map<String, Double> boosts) {
        this.schema = schema;
        this.boosts = boosts;
    }

    /// The query; empty if it finds nothing in any collection.
    ///
    /// @param boosts of the fields to search
    /// @throws QuernException `INVALID` for what [QueryString#parse] refuses, too many terms, or
    ///   parts that are all excluded
    static Optional<Query> of(Schema schema, Map<String, Double> boosts, String text) {
        return new OperatorQuery(schema, boosts).of(QueryString.parse(text, boosts.keySet()));
    }

    private Optional<Query> of(List<Part> parts) {
        if (!parts.isEmpty() && parts.stream().allMatch(part -> part.sign() == Sign.MUST_NOT)) {
            throw QuernException.invalid(
                    "query must have a part without - before it: those with one only exclude rows");
        }
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        boolean finds = false;
        for (Part part : parts) {
            BooleanQuery anyField = anyField(part);
            if (!anyField.clauses().isEmpty()) {
                all.add(anyField, occur(part.sign()));
                finds |= part.sign() != Sign.MUST_NOT;
            }
        }
        return finds ? Optional.of(all.build()) : Optional.empty();
    }

    private static Occur occur(Sign sign) {
        return switch (sign) {
            case MUST -> Occur.MUST;
            case SHOULD -> Occur.SHOULD;
            case MUST_NOT -> Occur.MUST_NOT;
        };
    }

    private BooleanQuery anyField(Part part) {
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        boosts.forEach((field, boost) -> {
            if (part.field().isEmpty() || part.field().get().equals(field)) {
                Query query = query(field, part);
                if (query != null) {
                    count(query);
                    any.add(
                            boost == 1 ? query : new BoostQuery(query, boost.floatValue()),
                            Occur.SHOULD);
                }
            }
        });
        return any.build();
    }

    private @Nullable Query query(String field, Part part) {
        TextField type = schema.text(field);
        Analyzer analyzer = Analyzers.get(type.analyzer());
        String luceneField = RowDocuments.text(field);
        QueryBuilder builder = new QueryBuilder(analyzer);
        if (part.form() == Form.PHRASE) {
            return builder.createPhraseQuery(luceneField, part.text(), part.slop());
        }
        if (part.form() == Form.PREFIX && !Analyzers.isOfParts(type.analyzer())) {
            return new PrefixQuery(
                    new Term(luceneField, analyzer.normalize(luceneField, part.text())));
        }
        return builder.createBooleanQuery(luceneField, part.text(), Occur.MUST);
    }

    private void count(Query query) {
        query.visit(
                new QueryVisitor() {
                    @Override
                    public void consumeTerms(Query of, Term... some) {
                        terms += some.length;
                    }

                    @Override
                    public void consumeTermsMatching(
                            Query of, String field, Supplier<ByteRunAutomaton> automaton) {
                        terms++;
                    }
                });
        if (terms > MAX_TERMS) {
            throw QuernException.invalid(
                    "query must have at most " + MAX_TERMS + " terms over its fields");
        }
    }
}
