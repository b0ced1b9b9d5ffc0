package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.DelegatingAnalyzerWrapper;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.cz.CzechAnalyzer;
import org.apache.lucene.analysis.da.DanishAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fi.FinnishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.ngram.NGramTokenizer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.no.NorwegianAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.sv.SwedishAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;

/// How text becomes terms, by name.
///
/// | name | what it does |
/// |---|---|
/// | `standard` | words by Unicode's rules, in lower case; no stemming, no stop words |
/// | `whitespace` | what stands between blanks, as it is |
/// | `ngram` | every 3 characters in a row, in lower case: parts of words, code, any script |
/// | `cjk` | pairs of Chinese, Japanese or Korean characters, words of other scripts |
/// | a language | words, stop words taken out, the rest stemmed |
///
/// The languages: arabic, czech, danish, dutch, english, finnish, french, german, hindi, italian,
/// norwegian, portuguese, russian, spanish, swedish, turkish. All are Lucene's. Thread-safe, and
/// they live as long as the program.
final class Analyzers {
    private static final int NGRAM = 3;

    private static final Map<String, Supplier<Analyzer>> MAKERS =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("standard", StandardAnalyzer::new),
                            Map.entry("whitespace", WhitespaceAnalyzer::new),
                            Map.entry("ngram", NgramAnalyzer::new),
                            Map.entry("cjk", CJKAnalyzer::new),
                            Map.entry("arabic", ArabicAnalyzer::new),
                            Map.entry("czech", CzechAnalyzer::new),
                            Map.entry("danish", DanishAnalyzer::new),
                            Map.entry("dutch", DutchAnalyzer::new),
                            Map.entry("english", EnglishAnalyzer::new),
                            Map.entry("finnish", FinnishAnalyzer::new),
                            Map.entry("french", FrenchAnalyzer::new),
                            Map.entry("german", GermanAnalyzer::new),
                            Map.entry("hindi", HindiAnalyzer::new),
                            Map.entry("italian", ItalianAnalyzer::new),
                            Map.entry("norwegian", NorwegianAnalyzer::new),
                            Map.entry("portuguese", PortugueseAnalyzer::new),
                            Map.entry("russian", RussianAnalyzer::new),
                            Map.entry("spanish", SpanishAnalyzer::new),
                            Map.entry("swedish", SwedishAnalyzer::new),
                            Map.entry("turkish", TurkishAnalyzer::new)));

    /// Made at their first use: stop words take memory.
    private static final Map<String, Analyzer> MADE = new ConcurrentHashMap<>();

    private Analyzers() {}

    /// The analyzer of a name.
    ///
    /// @throws QuernException `INVALID` naming those there are
    static Analyzer get(String name) {
        Supplier<Analyzer> maker = MAKERS.get(name);
        if (maker == null) {
            throw QuernException.invalid(
                    "analyzer must be one of "
                            + String.join(", ", MAKERS.keySet())
                            + ", got \""
                            + Names.abbreviate(name)
                            + "\"");
        }
        return MADE.computeIfAbsent(name, _ -> maker.get());
    }

    /// Whether terms are parts of words, so that none begins with more than it has.
    static boolean isOfParts(String name) {
        return name.equals("ngram") || name.equals("cjk");
    }

    /// The analyzer of an index: each text field's own, as the schema has them now. Thread-safe.
    static final class OfSchema extends DelegatingAnalyzerWrapper {
        private volatile CollectionSchema schema;

        OfSchema(CollectionSchema schema) {
            super(PER_FIELD_REUSE_STRATEGY);
            this.schema = schema;
        }

        void use(CollectionSchema newer) {
            schema = newer;
        }

        @Override
        protected Analyzer getWrappedAnalyzer(String luceneField) {
            TextField field = schema.texts().get(RowDocuments.textName(luceneField));
            return get(field == null ? TextField.DEFAULT_ANALYZER : field.analyzer());
        }
    }

    private static final class NgramAnalyzer extends Analyzer {
        @Override
        protected TokenStreamComponents createComponents(String field) {
            Tokenizer grams = new NGramTokenizer(NGRAM, NGRAM);
            return new TokenStreamComponents(grams, new LowerCaseFilter(grams));
        }

        @Override
        protected TokenStream normalize(String field, TokenStream in) {
            return new LowerCaseFilter(in);
        }
    }
}
