package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.QueryString.Form;
import dev.quern.vector.QueryString.Part;
import dev.quern.vector.QueryString.Sign;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Queries with phrases, prefixes and signs: how they are read, and what they find.
final class OperatorQueryTest {
    private static final Set<String> FIELDS = Set.of("title", "body");

    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
        TreeMap<String, TextField> texts = new TreeMap<>();
        texts.put("title", new TextField("english"));
        texts.put("body", new TextField("standard"));
        texts.put("code", new TextField("ngram"));
        rig.service()
                .create(
                        Rig.SPACE,
                        new CollectionSpec(
                                Rig.NAME,
                                new CollectionSchema(
                                        new TreeMap<>(), texts, new TreeMap<>(), false)),
                        false);
        rig.upsert(
                row("water", "The water mill", "grinds the grain slowly", "grindGrain()"),
                row("wind", "A wind mill", "wind turns the mill; no water", "turn()"),
                row("stone", "Mill stones", "granite grinds, wind or water", "GRANITE"),
                row("moon", "The moon", "has no mill at all", "orbit(x)"));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static Row row(String id, String title, String body, String code) {
        return new Row(id, Map.of(), Map.of("title", title, "body", body, "code", code), Map.of());
    }

    private List<String> ids(Map<String, Double> fields, String query) {
        Leg leg = new Leg.Bm25(fields, query, Leg.Syntax.OPERATORS);
        return rig.ids(SearchSpec.of(List.of(leg), Optional.empty(), 10));
    }

    private List<String> ids(String query) {
        return ids(Map.of("title", 1.0, "body", 1.0), query);
    }

    @Test
    void readsWordsPhrasesPrefixesAndSigns() {
        assertThat(QueryString.parse(" a +b\t-c:d \"e  f\"~2 g* title:h -title:\"i\" ", FIELDS))
                .containsExactly(
                        part(Sign.SHOULD, "", Form.WORD, "a", 0),
                        part(Sign.MUST, "", Form.WORD, "b", 0),
                        part(Sign.MUST_NOT, "", Form.WORD, "c:d", 0),
                        part(Sign.SHOULD, "", Form.PHRASE, "e  f", 2),
                        part(Sign.SHOULD, "", Form.PREFIX, "g", 0),
                        part(Sign.SHOULD, "title", Form.WORD, "h", 0),
                        part(Sign.MUST_NOT, "title", Form.PHRASE, "i", 0));
    }

    @Test
    void readsAsTextWhatIsNoOperator() {
        assertThat(QueryString.parse("\\\"a \\-b c\\* * - + a-b a+b title: x\"y* \\", FIELDS))
                .extracting(Part::text)
                .containsExactly(
                        "\"a", "-b", "c*", "*", "-", "+", "a-b", "a+b", "title:", "x\"y", "\\");
        assertThat(QueryString.parse("\"say \\\"hi\\\"\"", FIELDS))
                .containsExactly(part(Sign.SHOULD, "", Form.PHRASE, "say \"hi\"", 0));
        assertThat(QueryString.parse("", FIELDS)).isEmpty();
    }

    private static Part part(Sign sign, String field, Form form, String text, int slop) {
        return new Part(sign, Optional.of(field).filter(name -> !name.isEmpty()), form, text, slop);
    }

    @Test
    void anyTextIsReadToItsEnd() {
        RandomGenerator random = Seed.random(5);
        String alphabet = "ab \"+-*~1:\\\ttitle";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(24); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                assertThat(QueryString.parse(text.toString(), FIELDS))
                        .hasSizeLessThanOrEqualTo(text.length());
            } catch (QuernException e) {
                assertThat(e.kind()).as("%s", text).isEqualTo(ErrorKind.INVALID);
            }
        }
    }

    @Test
    void findsPhrases() {
        assertThat(ids("\"wind mill\"")).containsExactly("wind");
        assertThat(ids("\"mill wind\"")).isEmpty();
        assertThat(ids("\"wind water\"")).isEmpty();
        assertThat(ids("\"wind water\"~1")).containsExactly("stone");
        assertThat(ids("body:\"no mill\"")).containsExactly("moon");
        assertThat(ids("title:\"mill stone water\"")).isEmpty();
    }

    @Test
    void findsPrefixes() {
        assertThat(ids("gran*")).containsExactly("stone");
        assertThat(ids("Gra*")).containsExactlyInAnyOrder("stone", "water");
        assertThat(ids("title:win*")).containsExactly("wind");
        assertThat(ids(Map.of("code", 1.0), "grindgr*")).containsExactly("water");
    }

    @Test
    void requiresAndExcludes() {
        assertThat(ids("mill water")).hasSize(4);
        assertThat(ids("mill +water")).containsExactlyInAnyOrder("water", "wind", "stone");
        assertThat(ids("mill -water")).containsExactly("moon");
        assertThat(ids("+mill -body:water -moon")).containsExactly("water");
        assertThat(ids("+mill +granite")).containsExactly("stone");
        assertThat(ids("the")).as("a stop word of one field").hasSize(2);
        assertThat(ids(Map.of("title", 1.0), "the")).isEmpty();
        assertThat(ids(Map.of("title", 1.0), "+the moon")).containsExactly("moon");
        assertThat(ids("")).isEmpty();
    }

    @Test
    void boostsFields() {
        assertThat(ids(Map.of("title", 100.0, "body", 0.01), "stones granite water").getFirst())
                .isEqualTo("stone");
        assertThat(ids(Map.of("title", 0.01, "body", 100.0), "water slowly").getFirst())
                .isEqualTo("water");
    }

    @Test
    void refusesWhatCannotBeMeant() {
        refuses("close the quote at character 6", "mill \"water");
        refuses("0 to 100, after ~ at character 6, got \"101\"", "\"a b\"~101");
        refuses("after ~ at character 4, got \"\"", "\"a\"~");
        refuses("without - before it", "-mill -water");
        refuses("at most 400 terms", "mill ".repeat(201));
    }

    private void refuses(String why, String query) {
        assertThatThrownBy(() -> ids(query))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(why);
    }
}
