package dev.quern.vector;

import dev.quern.vector.SearchOutcome.LegPlan;
import dev.quern.vector.SearchOutcome.Strategy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;

/// Ranks rows by BM25 over their texts. A plain query is a bag of words: whatever it holds is taken
/// through the same analysis as the rows, and a word that comes twice counts twice.
final class TextLeg {
    static final LegPlan PLAN = new LegPlan(Strategy.INVERTED, "text", -1);

    private final Schema schema;
    private final Leg.Bm25 leg;

    /// @param leg names fields of the schema, at least one
    TextLeg(Schema schema, Leg.Bm25 leg) {
        this.schema = schema;
        this.leg = leg;
    }

    List<Ranked> run(IndexSearcher searcher, Optional<Query> filter, int depth) throws IOException {
        Optional<Query> words =
                switch (leg.syntax()) {
                    case PLAIN -> anyWord();
                    case OPERATORS -> OperatorQuery.of(schema, leg.fields(), leg.query());
                };
        if (words.isEmpty()) {
            return List.of();
        }
        BooleanQuery.Builder query = new BooleanQuery.Builder().add(words.get(), Occur.MUST);
        filter.ifPresent(f -> query.add(f, Occur.FILTER));
        return ranked(searcher, searcher.search(query.build(), depth).scoreDocs);
    }

    private Optional<Query> anyWord() throws IOException {
        BooleanQuery.Builder words = new BooleanQuery.Builder();
        boolean any = false;
        for (Map.Entry<String, Double> field : leg.fields().entrySet()) {
            String luceneField = RowDocuments.text(field.getKey());
            Map<String, Integer> terms =
                    terms(field.getKey(), OperatorQuery.MAX_TERMS / leg.fields().size());
            terms.forEach((term, times) -> {
                Query word = new TermQuery(new Term(luceneField, term));
                float boost = (float) (times * field.getValue());
                words.add(boost == 1 ? word : new BoostQuery(word, boost), Occur.SHOULD);
            });
            any |= !terms.isEmpty();
        }
        return any ? Optional.of(words.build()) : Optional.empty();
    }

    private Map<String, Integer> terms(String field, int max) throws IOException {
        Analyzer analyzer = Analyzers.get(schema.text(field).analyzer());
        Map<String, Integer> terms = new LinkedHashMap<>();
        try (TokenStream tokens = analyzer.tokenStream(RowDocuments.text(field), leg.query())) {
            CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
            tokens.reset();
            while (tokens.incrementToken()) {
                if (terms.size() < max || terms.containsKey(term.toString())) {
                    terms.merge(term.toString(), 1, Integer::sum);
                }
            }
            tokens.end();
        }
        return terms;
    }

    private List<Ranked> ranked(IndexSearcher searcher, ScoreDoc[] found) throws IOException {
        List<Integer> docs = List.of(found).stream().map(hit -> hit.doc).sorted().toList();
        Map<Integer, String> ids =
                RowReader.ids(searcher.getIndexReader(), docs, schema.fields().ids());
        List<Ranked> ranked = new ArrayList<>();
        for (ScoreDoc hit : found) {
            ranked.add(new Ranked(hit.doc, ids.getOrDefault(hit.doc, ""), hit.score));
        }
        ranked.sort(Ranked.BEST_FIRST);
        return ranked;
    }
}
