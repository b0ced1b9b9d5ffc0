package dev.quern.vector;

import java.time.Instant;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// What one writer of a [CollectionCrashWriter] has, as far as the parent knows: its rows in each
/// collection and in the snapshots that it took, and its alias. Immutable.
///
/// A row is told by how it was written: `OPERATION`, `OPERATION/PATCH` after a patch, and with
/// `@MILLIS` behind it when it expires then, or `@?` when that is not known.
///
/// @param collections by name; [CrashOp#SHARED] is always among them
/// @param aliases collections' names by alias
record CrashWorld(NavigableMap<String, Rows> collections, NavigableMap<String, String> aliases) {
    static final String UNKNOWN = "?";

    /// Rows of one collection by id.
    ///
    /// @param snapshots rows at the writer's snapshots, by their names
    record Rows(
            NavigableMap<String, String> now,
            NavigableMap<String, NavigableMap<String, String>> snapshots) {
        static Rows none() {
            return new Rows(new TreeMap<>(), new TreeMap<>());
        }

        Rows with(NavigableMap<String, String> rows) {
            return new Rows(rows, snapshots);
        }

        Rows withSnapshot(String name, NavigableMap<String, String> rows) {
            TreeMap<String, NavigableMap<String, String>> all = new TreeMap<>(snapshots);
            all.put(name, rows);
            return new Rows(now, all);
        }

        Rows withoutSnapshot(String name) {
            TreeMap<String, NavigableMap<String, String>> all = new TreeMap<>(snapshots);
            all.remove(name);
            return new Rows(now, all);
        }
    }

    /// Nothing yet.
    static CrashWorld none() {
        return new CrashWorld(new TreeMap<>(), new TreeMap<>()).with(CrashOp.SHARED, Rows.none());
    }

    /// The collection that a name or an alias means; empty if there is none.
    Optional<String> find(String name) {
        String meant = aliases.getOrDefault(name, name);
        return collections.containsKey(meant) ? Optional.of(meant) : Optional.empty();
    }

    /// What there is under a name or an alias; nothing if there is none.
    Rows get(String name) {
        return find(name).map(collections::get).orElseGet(Rows::none);
    }

    CrashWorld with(String collection, Rows rows) {
        TreeMap<String, Rows> all = new TreeMap<>(collections);
        all.put(collection, rows);
        return new CrashWorld(all, aliases);
    }

    CrashWorld withRows(String collection, NavigableMap<String, String> rows) {
        return with(collection, get(collection).with(rows));
    }

    CrashWorld withAlias(String alias, String collection) {
        TreeMap<String, String> all = new TreeMap<>(aliases);
        all.put(alias, collection);
        return new CrashWorld(collections, all);
    }

    CrashWorld withoutAlias(String alias) {
        TreeMap<String, String> all = new TreeMap<>(aliases);
        all.remove(alias);
        return new CrashWorld(collections, all);
    }

    /// Without a collection, its snapshots and its aliases.
    CrashWorld without(String collection) {
        TreeMap<String, Rows> all = new TreeMap<>(collections);
        all.remove(collection);
        TreeMap<String, String> left = new TreeMap<>(aliases);
        left.values().removeIf(collection::equals);
        return new CrashWorld(all, left);
    }

    CrashWorld renamed(String from, String to) {
        TreeMap<String, Rows> all = new TreeMap<>(collections);
        all.put(to, all.remove(from));
        TreeMap<String, String> moved = new TreeMap<>(aliases);
        moved.replaceAll((_, name) -> name.equals(from) ? to : name);
        return new CrashWorld(all, moved);
    }

    /// How a row was written, without when it expires.
    static String written(String value) {
        int at = value.indexOf('@');
        return at < 0 ? value : value.substring(0, at);
    }

    /// When a row expires, or [#UNKNOWN]; empty if never.
    static Optional<String> expiry(String value) {
        int at = value.indexOf('@');
        return at < 0 ? Optional.empty() : Optional.of(value.substring(at + 1));
    }

    /// A patched row: it keeps the time at which it expires.
    static String patched(String value, String patch) {
        String base = written(value).split("/", -1)[0];
        return base + "/" + patch + expiry(value).map(at -> "@" + at).orElse("");
    }

    /// When rows were read.
    record Reading(Instant from, Instant to) {}

    /// Whether rows that were read are these: all that cannot have expired by then, and none that
    /// had.
    static boolean fits(Map<String, String> known, Map<String, String> found, Reading reading) {
        if (!known.keySet().containsAll(found.keySet())) {
            return false;
        }
        for (Map.Entry<String, String> row : known.entrySet()) {
            String value = found.get(row.getKey());
            Optional<String> expiry = expiry(row.getValue());
            if (value == null) {
                if (expiry.isEmpty() || !isPast(expiry.get(), reading.to())) {
                    return false;
                }
                continue;
            }
            Optional<String> told = expiry(value);
            boolean same =
                    written(value).equals(written(row.getValue()))
                            && (told.equals(expiry)
                                    || (told.isPresent() && expiry.equals(Optional.of(UNKNOWN))));
            if (!same || told.filter(at -> isPast(at, reading.from())).isPresent()) {
                return false;
            }
        }
        return true;
    }

    /// Whether it may have expired by then.
    private static boolean isPast(String expiry, Instant moment) {
        return expiry.equals(UNKNOWN)
                || !Instant.ofEpochMilli(Long.parseLong(expiry)).isAfter(moment);
    }

    /// Whether this is what was found. Snapshots of which only the names were looked at are not
    /// among `found`'s, but in `names`.
    boolean fits(CrashWorld found, Map<String, ? extends Iterable<String>> names, Reading reading) {
        if (!collections.keySet().equals(found.collections().keySet())
                || !aliases.equals(found.aliases())) {
            return false;
        }
        for (Map.Entry<String, Rows> entry : collections.entrySet()) {
            Rows there = found.get(entry.getKey());
            NavigableMap<String, NavigableMap<String, String>> taken = entry.getValue().snapshots();
            TreeMap<String, Boolean> named = new TreeMap<>();
            Objects.requireNonNull(names.get(entry.getKey()))
                    .forEach(name -> named.put(name, true));
            boolean same =
                    fits(entry.getValue().now(), there.now(), reading)
                            && taken.keySet().equals(named.keySet())
                            && there.snapshots().entrySet().stream()
                                    .allMatch(s ->
                                            fits(
                                                    taken.getOrDefault(s.getKey(), new TreeMap<>()),
                                                    s.getValue(),
                                                    reading));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /// This, with the rows that were found.
    CrashWorld settled(CrashWorld found) {
        TreeMap<String, Rows> all = new TreeMap<>();
        collections.forEach((name, rows) -> {
            TreeMap<String, NavigableMap<String, String>> taken = new TreeMap<>(rows.snapshots());
            taken.putAll(found.get(name).snapshots());
            all.put(name, new Rows(found.get(name).now(), taken));
        });
        return new CrashWorld(all, aliases);
    }
}
