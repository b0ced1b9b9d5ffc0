package dev.quern.vector;

import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FilterTest {
    @TempDir Path directory;

    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void filtersByType() {
        rig.create(1, Metric.DOT);
        rig.upsert(
                row(
                        "a",
                        "t",
                        Map.of("s", "x", "l", 1, "d", 1.5, "b", true, "t", List.of("p", "q")),
                        1),
                row("b", "t", Map.of("s", "y", "l", 2, "d", 2, "b", false, "t", List.of("q")), 1),
                row("c", "t", Map.of("s", "z", "l", -3), 1),
                row("d", 1));
        assertMatches("a", "{'eq':['s','x']}");
        assertMatches("b", "{'eq':['l',2.0]}");
        assertMatches("", "{'eq':['l',2.5]}");
        assertMatches("b", "{'eq':['d',2]}");
        assertMatches("a b", "{'eq':['t','q']}");
        assertMatches("a", "{'eq':['b',true]}");
        assertMatches("a c", "{'in':['s',['x','z','w']]}");
        assertMatches("a b", "{'in':['l',[1,2.0,7]]}");
        assertMatches("", "{'in':['l',[]]}");
        assertMatches("a c", "{'range':['l',{'lt':1.5}]}");
        assertMatches("a b", "{'range':['l',{'gte':1}]}");
        assertMatches("b", "{'range':['l',{'gt':1}]}");
        assertMatches("b", "{'range':['l',{'gt':1,'lte':1e300}]}");
        assertMatches("", "{'range':['l',{'gt':9223372036854775807}]}");
        assertMatches("a b", "{'range':['d',{'gte':1,'lte':2}]}");
        assertMatches("a", "{'range':['d',{'gte':1.5,'lt':2}]}");
        assertMatches("b c", "{'range':['s',{'gt':'x'}]}");
        assertMatches("a", "{'range':['t',{'lt':'q'}]}");
        assertMatches("b c d", "{'not':{'eq':['s','x']}}");
        assertMatches("a b c d", "{'and':[]}");
        assertMatches("", "{'or':[]}");
        assertMatches("c d", "{'and':[{'not':{'eq':['t','q']}},{'not':{'eq':['s','y']}}]}");
        assertMatches("a d", "{'or':[{'eq':['s','x']},{'not':{'range':['l',{'gte':-9}]}}]}");
    }

    private void assertMatches(String ids, String filter) {
        Filter parsed = Filter.fromJson(TinyJson.parse(filter));
        List<String> expected = ids.isEmpty() ? List.of() : List.of(ids.split(" "));
        assertThat(rig.matching(parsed, 1)).as(filter).isEqualTo(expected);
        List<String> byText =
                rig.ids(SearchSpec.bm25("t", 10).where(parsed)).stream().sorted().toList();
        assertThat(byText)
                .as("%s with text", filter)
                .isEqualTo(expected.stream().filter(id -> !id.equals("d")).toList());
    }

    @Test
    void refusesFiltersThatMakeNoSense() {
        rig.create(1, Metric.DOT);
        rig.upsert(row("a", "t", Map.of("s", "x", "l", 1, "b", true), 1));
        assertRefused("compares \"s\", which is a string", "{'eq':['s',1]}");
        assertRefused("with a string", "{'range':['l',{'gt':'x'}]}");
        assertRefused("has a range on \"b\"", "{'range':['b',{'gt':true}]}");
        assertRefused("names attribute \"nope\"", "{'not':{'eq':['nope',1]}}");
        assertRefused("operator must be one of", "{'near':['l',1]}");
        assertRefused("[field, value]", "{'eq':['l']}");
        assertRefused("an object", "[]");
        assertRefused("some of gte", "{'range':['l',{}]}");
        assertRefused("a list of filters", "{'and':{'eq':['l',1]}}");
        assertRefused("64-bit number", "{'eq':['l',null]}");
        Object deep = Map.of("eq", List.of("l", 1));
        for (int i = 0; i < 10_000; i++) {
            deep = Map.of("not", deep);
        }
        Object nested10000 = deep;
        assertKind(ErrorKind.INVALID, "nested more than 32", () -> Filter.fromJson(nested10000));
        String wide = "{'or':[" + "{'eq':['l',1]},".repeat(600) + "{'eq':['l',1]}]}";
        assertRefused("more than 256 conditions", wide);
        Filter unbounded =
                new Filter.Range(
                        "l",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
        assertKind(ErrorKind.INVALID, "without a bound", () -> rig.matching(unbounded, 1));
        Filter nested = new Filter.Eq("l", 1L);
        for (int i = 0; i < 40; i++) {
            nested = new Filter.Not(nested);
        }
        Filter tooDeep = nested;
        assertKind(ErrorKind.INVALID, "nested more", () -> rig.matching(tooDeep, 1));
        List<Filter> conditions = new ArrayList<>();
        for (int i = 0; i < Filter.MAX_CONDITIONS - 1; i++) {
            conditions.add(new Filter.Eq("l", (long) i));
        }
        assertThat(rig.ids(manyTerms().where(new Filter.Or(conditions)))).containsExactly("a");
    }

    /// Each value of an `all` is a clause of Lucene's, of which a query may have 1,024.
    @Test
    void countsTheValuesOfAllAsConditions() {
        rig.create(1, Metric.DOT);
        rig.upsert(row("a", "t", Map.of("t", List.of("p", "q")), 1));
        List<Object> many = IntStream.range(0, 252).<Object>mapToObj(i -> "v" + i).toList();
        Filter all = new Filter.All("t", many);
        assertThat(rig.matching(new Filter.Or(List.of(all, new Filter.Eq("t", "q"))), 9))
                .containsExactly("a");
        for (Filter over :
                List.of(
                        new Filter.And(List.of(all, new Filter.Not(new Filter.All("t", many)))),
                        new Filter.Or(Collections.nCopies(5, all)))) {
            assertKind(
                    ErrorKind.INVALID,
                    "more than 256 conditions (each value of an all is one)",
                    () -> rig.matching(over, 1));
        }
    }

    private static SearchSpec manyTerms() {
        return SearchSpec.bm25(
                "t " + String.join(" ", IntStream.range(0, 900).mapToObj(i -> "w" + i).toList()),
                10);
    }

    private void assertRefused(String message, String filter) {
        assertKind(
                ErrorKind.INVALID,
                message,
                () -> rig.matching(Filter.fromJson(TinyJson.parse(filter)), 1));
    }
}
