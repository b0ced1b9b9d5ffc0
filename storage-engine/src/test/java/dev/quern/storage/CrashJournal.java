package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog.Fact;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/// What the parent of the killed processes knows: what they acknowledged, what they had begun. Says
/// what of it an engine has lost or damaged. Not thread-safe.
final class CrashJournal implements CrashRun.Journal {
    private static final String NONE = "";

    private final List<String> chunks = new ArrayList<>();

    /// May have been collected since, unless a fact names them.
    private final List<String> collectable = new ArrayList<>();

    private final Set<String> begunChunks = new LinkedHashSet<>();
    private final Map<Key, String> facts = new HashMap<>();
    private final Map<Key, Set<String>> begunFacts = new HashMap<>();
    private final Map<Key, Long> counts = new HashMap<>();
    private final Map<Key, Long> begunCounts = new HashMap<>();
    private final List<String> lost = new ArrayList<>();
    private final List<String> corrupt = new ArrayList<>();
    private long acknowledged;

    @Override
    public long acknowledged() {
        return acknowledged;
    }

    @Override
    public List<String> lost() {
        return lost;
    }

    @Override
    public List<String> corrupt() {
        return corrupt;
    }

    @Override
    public void add(String line) {
        String[] words = line.split(" ", -1);
        boolean done = words[0].equals("A");
        acknowledged += done ? 1 : 0;
        if (words[0].equals("F")) {
            corrupt.add(line);
            return;
        }
        switch (words.length > 1 ? words[1] : NONE) {
            case "put" -> {
                if (done) {
                    chunks.add(words[2]);
                    begunChunks.remove(words[2]);
                } else {
                    begunChunks.add(words[2]);
                }
            }
            case "fact" -> change(key(words), words[4], done);
            case "delete" -> change(key(words), NONE, done);
            case "count" -> {
                Key counter = CrashLoad.counter(Integer.parseInt(words[2]));
                begunCounts.merge(counter, words[0].equals("B") ? 1L : -1L, Long::sum);
                counts.merge(counter, done ? 1L : 0L, Long::sum);
            }
            case "gc" -> {
                collectable.addAll(chunks);
                chunks.clear();
            }
            default -> {}
        }
    }

    private static Key key(String[] words) {
        return CrashLoad.key(Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    }

    private void change(Key key, String value, boolean done) {
        Set<String> begun = begunFacts.computeIfAbsent(key, _ -> new HashSet<>());
        if (done) {
            begun.clear();
            facts.put(key, value);
        } else {
            begun.add(value);
        }
    }

    /// Reads every chunk when all is to be read, else the latest and some others.
    @Override
    public void verify(Path data, boolean encrypted, boolean whole, Random random) {
        try (StorageEngine engine = CrashLoad.open(data, encrypted)) {
            verify(engine, whole, random);
        }
    }

    private void verify(StorageEngine engine, boolean all, Random random) {
        for (int i = 0; i < chunks.size(); i++) {
            if (all || i >= chunks.size() - 200 || random.nextInt(chunks.size()) < 100) {
                read(engine, chunks.get(i), true);
            }
        }
        for (String name : begunChunks) {
            if (read(engine, name, false)) {
                chunks.add(name);
            }
        }
        begunChunks.clear();
        collectable.removeIf(name -> !read(engine, name, false));
        if (all) {
            check(engine);
        }
        for (int writer = 0; writer < CrashLoad.WRITERS; writer++) {
            for (int slot = 0; slot < CrashLoad.SLOTS; slot++) {
                fact(engine, CrashLoad.key(writer, slot));
            }
        }
        for (int counter = 0; counter < CrashLoad.COUNTERS; counter++) {
            count(engine, CrashLoad.counter(counter));
        }
    }

    private void check(StorageEngine engine) {
        FsckReport report = engine.maintenance().fsck(new ByteSize(0));
        if (!report.isClean()) {
            corrupt.add("fsck: " + report);
        }
    }

    private boolean read(StorageEngine engine, String name, boolean must) {
        byte[] bytes = CrashLoad.chunk(name);
        try {
            byte[] read = engine.chunks().read(SPACE, MemoryChunkStore.idOf(bytes));
            if (!Arrays.equals(read, bytes)) {
                corrupt.add("chunk " + name + " reads other bytes");
            }
            return true;
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                corrupt.add("chunk " + name + ": " + e.getMessage());
            } else if (must) {
                lost.add("chunk " + name + ": " + e.getMessage());
            }
            return false;
        }
    }

    private void fact(StorageEngine engine, Key key) {
        String found = value(engine, key);
        String sure = facts.getOrDefault(key, NONE);
        if (!found.equals(sure) && !begunFacts.getOrDefault(key, Set.of()).contains(found)) {
            lost.add("fact " + key + " must be \"" + sure + "\", got \"" + found + "\"");
        }
        if (!found.isEmpty()) {
            read(engine, found, true);
        }
        facts.put(key, found);
        begunFacts.remove(key);
    }

    private void count(StorageEngine engine, Key key) {
        String value = value(engine, key);
        long found = value.isEmpty() ? 0 : Long.parseLong(value);
        long sure = counts.getOrDefault(key, 0L);
        if (found < sure) {
            lost.add("counter " + key + " must be " + sure + " or more, got " + found);
        } else if (found > sure + begunCounts.getOrDefault(key, 0L)) {
            corrupt.add("counter " + key + " is " + found + " after " + sure + " increments");
        }
        counts.put(key, found);
        begunCounts.remove(key);
    }

    private static String value(StorageEngine engine, Key key) {
        Optional<Fact> fact = engine.facts().find(SPACE, key);
        return fact.map(found -> new String(found.value(), StandardCharsets.UTF_8)).orElse(NONE);
    }
}
