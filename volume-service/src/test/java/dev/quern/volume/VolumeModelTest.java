package dev.quern.volume;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Random puts, removals, commits, reopens and reads of any commit, against trees that are plain
/// maps. What a session stages is, in the model, a list of changes that is played on the head.
final class VolumeModelTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final String[] NAMES = {"a", "b", "c", "ü", "a.txt"};
    private static final List<String> SESSIONS = List.of("s1", "s2");

    @TempDir Path directory;

    private record Change(VolumePath path, byte @Nullable [] bytes, boolean recursive) {}

    private final Map<String, List<Change>> staged = new HashMap<>();
    private final Map<CommitId, NavigableMap<VolumePath, byte[]>> commits = new LinkedHashMap<>();
    private final List<CommitId> order = new ArrayList<>();

    @Test
    void behavesAsAMapOnFakes() {
        long seed = Seeds.next("VolumeModelTest");
        try (Fixture fixture = Fixture.memory(directory)) {
            run(fixture, new Random(seed), 6_000);
        }
    }

    @Test
    void behavesAsAMapOnTheStorageEngine() {
        long seed = Seeds.next("VolumeModelTest");
        try (Fixture fixture = Fixture.durable(directory)) {
            run(fixture, new Random(seed), 1_000);
        }
    }

    private void run(Fixture fixture, Random random, int steps) {
        SESSIONS.forEach(session -> staged.put(session, new ArrayList<>()));
        remember(fixture.create("v").head(), new TreeMap<>());
        for (int step = 0; step < steps; step++) {
            String session = SESSIONS.get(random.nextInt(SESSIONS.size()));
            int choice = random.nextInt(100);
            if (choice < 45) {
                put(fixture, session, random);
            } else if (choice < 62) {
                remove(fixture, session, random);
            } else if (choice < 80) {
                commit(fixture, session, random);
            } else if (choice < 82) {
                discard(fixture, session);
            } else if (choice < 84) {
                fixture.reopen();
            } else if (choice < 92) {
                checkTree(fixture, random);
            } else {
                checkDiff(fixture, random);
            }
        }
        assertThat(fixture.service.history(SPACE, "v", 10_000))
                .extracting(CommitInfo::id)
                .isEqualTo(order.reversed());
    }

    private void put(Fixture fixture, String session, Random random) {
        VolumePath path = path(random);
        byte[] bytes = bytes(random);
        boolean fits =
                effective(session).keySet().stream()
                        .noneMatch(other ->
                                !other.equals(path)
                                        && (other.isWithin(path) || path.isWithin(other)));
        try {
            StagedPut put =
                    fixture.service.put(SPACE, "v", session, path, new ByteArrayInputStream(bytes));
            assertThat(put.sizeBytes()).isEqualTo(bytes.length);
            assertThat(fits).as("put of %s", path).isTrue();
            changes(session).add(new Change(path, bytes, false));
        } catch (QuernException e) {
            assertThat(e.kind()).as("%s", e).isEqualTo(ErrorKind.CONFLICT);
            assertThat(fits).as("put of %s", path).isFalse();
        }
    }

    private void remove(Fixture fixture, String session, Random random) {
        VolumePath path = random.nextInt(60) == 0 ? VolumePath.ROOT : path(random);
        boolean recursive = random.nextBoolean();
        NavigableMap<VolumePath, byte[]> tree = effective(session);
        if (isAtOdds(tree)) {
            return;
        }
        long files = tree.keySet().stream().filter(other -> other.isWithin(path)).count();
        boolean isFile = tree.containsKey(path);
        try {
            int removed = fixture.service.remove(SPACE, "v", session, path, recursive);
            assertThat(removed).isEqualTo(files);
            assertThat(isFile || recursive).isTrue();
            changes(session).add(new Change(path, null, recursive));
        } catch (QuernException e) {
            ErrorKind expected =
                    files == 0 && !path.isRoot() ? ErrorKind.NOT_FOUND : ErrorKind.INVALID;
            assertThat(e.kind()).as("%s", e).isEqualTo(expected);
            assertThat(files == 0 || (!isFile && !recursive)).isTrue();
        }
    }

    private void commit(Fixture fixture, String session, Random random) {
        NavigableMap<VolumePath, byte[]> tree = effective(session);
        boolean fits = !isAtOdds(tree);
        Optional<CommitId> expected =
                random.nextBoolean() ? Optional.empty() : Optional.of(order.getLast());
        try {
            CommitInfo info =
                    fixture.service.commit(SPACE, "v", new CommitRequest(session, expected, "m"));
            assertThat(fits).as("commit").isTrue();
            assertThat(info.files()).isEqualTo(tree.size());
            assertThat(info.sizeBytes())
                    .isEqualTo(tree.values().stream().mapToLong(bytes -> bytes.length).sum());
            changes(session).clear();
            if (info.id().equals(order.getLast())) {
                assertThat(same(tree, tree(order.getLast()))).isTrue();
            } else {
                assertThat(info.parent()).contains(order.getLast());
                remember(info.id(), tree);
            }
        } catch (QuernException e) {
            assertThat(e.kind()).as("%s", e).isEqualTo(ErrorKind.CONFLICT);
            assertThat(fits).as("%s", e).isFalse();
            discard(fixture, session);
        }
    }

    private void discard(Fixture fixture, String session) {
        fixture.service.discard(SPACE, "v", session);
        changes(session).clear();
    }

    private void checkTree(Fixture fixture, Random random) {
        CommitId at = order.get(random.nextInt(order.size()));
        NavigableMap<VolumePath, byte[]> tree = tree(at);
        List<VolumePath> paths = new ArrayList<>();
        Optional<VolumePath> after = Optional.empty();
        do {
            FilePage page =
                    fixture.service.listFiles(
                            SPACE, "v", at, VolumePath.ROOT, true, after, 1 + random.nextInt(9));
            page.files().forEach(file -> paths.add(file.path()));
            after = page.next();
        } while (after.isPresent());
        assertThat(paths).isEqualTo(new ArrayList<>(tree.keySet()));
        for (VolumePath path : paths) {
            assertThat(fixture.read("v", at, path.value())).isEqualTo(tree.get(path));
        }
        VolumePath any = path(random);
        boolean there = tree.keySet().stream().anyMatch(path -> path.isWithin(any));
        try {
            FileInfo info = fixture.service.stat(SPACE, "v", at, any);
            assertThat(there).isTrue();
            assertThat(info.directory()).isNotEqualTo(tree.containsKey(any));
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
            assertThat(there).isFalse();
        }
    }

    private void checkDiff(Fixture fixture, Random random) {
        CommitId from = order.get(random.nextInt(order.size()));
        CommitId to = order.get(random.nextInt(order.size()));
        NavigableMap<VolumePath, byte[]> old = tree(from);
        NavigableMap<VolumePath, byte[]> young = tree(to);
        NavigableMap<VolumePath, String> expected = new TreeMap<>();
        old.keySet().forEach(path -> expected.put(path, "REMOVED"));
        young.forEach((path, bytes) -> {
            if (!old.containsKey(path)) {
                expected.put(path, "ADDED");
            } else if (Arrays.equals(bytes, old.get(path))) {
                expected.remove(path);
            } else {
                expected.put(path, "MODIFIED");
            }
        });
        List<FileChange> found = fixture.service.diff(SPACE, "v", Optional.of(from), to);
        assertThat(found)
                .extracting(change -> change.path() + " " + change.kind())
                .isEqualTo(
                        expected.entrySet().stream()
                                .map(entry -> entry.getKey() + " " + entry.getValue())
                                .toList());
    }

    /// The head with a session's changes: files that no removal covers, and puts that no later
    /// removal covers.
    private NavigableMap<VolumePath, byte[]> effective(String session) {
        NavigableMap<VolumePath, byte[]> tree = new TreeMap<>(tree(order.getLast()));
        for (Change change : changes(session)) {
            byte[] bytes = change.bytes;
            if (bytes == null && !change.recursive) {
                tree.remove(change.path);
            } else if (bytes == null) {
                tree.keySet().removeIf(path -> path.isWithin(change.path));
            } else {
                tree.put(change.path, bytes);
            }
        }
        return tree;
    }

    /// Whether a path is both file and directory, as when the head has moved meanwhile.
    private static boolean isAtOdds(NavigableMap<VolumePath, byte[]> tree) {
        VolumePath previous = null;
        for (VolumePath path : tree.keySet()) {
            if (previous != null && path.isWithin(previous)) {
                return true;
            }
            previous = path;
        }
        return false;
    }

    private static boolean same(
            NavigableMap<VolumePath, byte[]> a, NavigableMap<VolumePath, byte[]> b) {
        return a.keySet().equals(b.keySet())
                && a.entrySet().stream()
                        .allMatch(entry -> Arrays.equals(entry.getValue(), b.get(entry.getKey())));
    }

    private List<Change> changes(String session) {
        return requireNonNull(staged.get(session));
    }

    private NavigableMap<VolumePath, byte[]> tree(CommitId commit) {
        return requireNonNull(commits.get(commit));
    }

    private void remember(CommitId id, NavigableMap<VolumePath, byte[]> tree) {
        commits.put(id, tree);
        order.add(id);
    }

    private static VolumePath path(Random random) {
        StringBuilder path = new StringBuilder(NAMES[random.nextInt(NAMES.length)]);
        for (int depth = random.nextInt(3); depth > 0; depth--) {
            path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
        }
        return VolumePath.parse(path.toString());
    }

    private static byte[] bytes(Random random) {
        int kind = random.nextInt(40);
        int size;
        if (kind == 0) {
            size = 300_000 + random.nextInt(1_000_000);
        } else if (kind < 8) {
            size = 0;
        } else {
            size = kind < 20 ? 1 : random.nextInt(100);
        }
        byte[] bytes = new byte[size];
        if (size > 1) {
            random.nextBytes(bytes);
        }
        return bytes;
    }
}
