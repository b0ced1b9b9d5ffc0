package dev.quern.http;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Finds the route of a path: a tree with one level per segment, literals before parameters.
/// Segments are split before they are decoded, so an encoded slash never changes which route is
/// taken, and empty, `.` and `..` segments are kept as they came. Immutable once built.
final class Router {
    private final Node root = new Node();
    private final List<Route> routes;

    Router(List<Route> routes) {
        this.routes = List.copyOf(routes);
        routes.forEach(this::add);
    }

    List<Route> routes() {
        return routes;
    }

    /// A route and what the braces of its template stand for, decoded.
    record Match(Route route, Map<String, String> parameters) {}

    /// The route of a raw path.
    ///
    /// @param method `HEAD` finds the route of `GET`
    /// @throws Refusal 404 for an unknown path, 405 naming the allowed methods
    /// @throws QuernException `INVALID` for a broken escape
    Match find(String method, String rawPath) {
        if (!rawPath.startsWith("/")) {
            throw Refusal.unknownPath(rawPath);
        }
        String[] segments = rawPath.substring(1).split("/", -1);
        Map<String, String> parameters = new HashMap<>();
        Node node = root;
        for (int i = 0; i < segments.length; i++) {
            String segment = PercentDecoder.path(segments[i]);
            Node literal = node.literals.get(segment);
            if (literal != null) {
                node = literal;
            } else if (node.parameter != null) {
                parameters.put(node.parameterName, segment);
                node = node.parameter;
            } else if (node.tail != null) {
                parameters.put(node.parameterName, rest(segments, i));
                node = node.tail;
                break;
            } else {
                throw Refusal.unknownPath(rawPath);
            }
        }
        if (node.byMethod.isEmpty()) {
            throw Refusal.unknownPath(rawPath);
        }
        Route route = node.byMethod.get(method.equals("HEAD") ? "GET" : method);
        if (route == null) {
            throw Refusal.wrongMethod(method, rawPath, node.allowed());
        }
        return new Match(route, parameters);
    }

    private static String rest(String[] segments, int from) {
        StringBuilder path = new StringBuilder(PercentDecoder.path(segments[from]));
        for (int i = from + 1; i < segments.length; i++) {
            path.append('/').append(PercentDecoder.path(segments[i]));
        }
        return path.toString();
    }

    private void add(Route route) {
        Node node = root;
        for (String segment : route.template().substring(1).split("/", -1)) {
            node = node.child(segment);
        }
        if (node.byMethod.put(route.method(), route) != null) {
            throw new IllegalArgumentException("routed twice: " + route.template());
        }
    }

    private static final class Node {
        final Map<String, Node> literals = new HashMap<>();
        final Map<String, Route> byMethod = new TreeMap<>();
        String parameterName = "";
        @Nullable Node parameter;
        @Nullable Node tail;

        Node child(String segment) {
            if (!segment.startsWith("{")) {
                return literals.computeIfAbsent(segment, _ -> new Node());
            }
            boolean rest = segment.endsWith("...}");
            String name = segment.substring(1, segment.length() - (rest ? 4 : 1));
            Node known = rest ? tail : parameter;
            if (known == null && parameterName.isEmpty()) {
                parameterName = name;
                known = new Node();
                if (rest) {
                    tail = known;
                } else {
                    parameter = known;
                }
            }
            if (known == null || !parameterName.equals(name)) {
                throw new IllegalArgumentException("two parameters at one place: " + name);
            }
            return known;
        }

        List<String> allowed() {
            List<String> methods = new ArrayList<>(byMethod.keySet());
            if (byMethod.containsKey("GET")) {
                methods.add("HEAD");
            }
            return methods;
        }
    }
}
