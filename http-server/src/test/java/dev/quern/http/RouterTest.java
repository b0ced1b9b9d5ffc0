package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RouterTest {
    private final Router router =
            new Router(
                    List.of(
                            route("GET", "/a"),
                            route("GET", "/a/{x}"),
                            route("POST", "/a/{x}"),
                            route("GET", "/a/{x}/b"),
                            route("GET", "/a/fixed/b"),
                            route("GET", "/t/{rest...}")));

    private static Route route(String method, String template) {
        return Route.of(method, template, _ -> Reply.empty(204));
    }

    private String template(String method, String path) {
        return router.find(method, path).route().template();
    }

    @Test
    void takesLiteralsBeforeParameters() {
        assertThat(template("GET", "/a")).isEqualTo("/a");
        assertThat(template("GET", "/a/1")).isEqualTo("/a/{x}");
        assertThat(template("GET", "/a/1/b")).isEqualTo("/a/{x}/b");
        assertThat(template("GET", "/a/fixed/b")).isEqualTo("/a/fixed/b");
        assertThat(template("HEAD", "/a/1")).isEqualTo("/a/{x}");
        assertThat(router.find("POST", "/a/x%20y").parameters()).isEqualTo(Map.of("x", "x y"));
    }

    @Test
    void splitsBeforeItDecodes() {
        assertThat(router.find("GET", "/a/1%2Fb").parameters()).isEqualTo(Map.of("x", "1/b"));
        assertThat(router.find("GET", "/t/a%2fb/c").parameters())
                .isEqualTo(Map.of("rest", "a/b/c"));
        assertThat(router.find("GET", "/t/").parameters()).isEqualTo(Map.of("rest", ""));
        assertThat(router.find("GET", "/t/fixed/b/../").parameters())
                .isEqualTo(Map.of("rest", "fixed/b/../"));
    }

    @Test
    void refusesOtherPathsAndMethods() {
        for (String path : List.of("/", "/b", "/a/1/c", "/a/1/b/c", "/t", "//a", "/A")) {
            assertThatThrownBy(() -> router.find("GET", path))
                    .isInstanceOfSatisfying(
                            Refusal.class, e -> assertThat(e.status()).isEqualTo(404));
        }
        assertThatThrownBy(() -> router.find("POST", "/a"))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        e -> {
                            assertThat(e.status()).isEqualTo(405);
                            assertThat(e.headers()).containsEntry("allow", "GET, HEAD");
                        });
    }

    @Test
    void refusesAmbiguousTables() {
        assertThatThrownBy(() -> new Router(List.of(route("GET", "/a"), route("GET", "/a"))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Router(List.of(route("GET", "/{a}"), route("GET", "/{b}"))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
