package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.Txn.Condition.Absent;
import dev.quern.storage.Txn.Condition.Version;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The data keys of all spaces, as facts wrapped by the operator key ([WrappedKeyFormat]). With an
/// operator key, a space gets its first data key when its first chunk is put; without one, nothing
/// new is encrypted.
///
/// | fact, in the space `quern.system` | value |
/// |---|---|
/// | `storage-key / SPACE / ID`, ids from 1 | the wrapped key; the greatest id encrypts new chunks |
///
/// Keys are never deleted: old chunks need theirs. Thread-safe. Its monitor is held while facts are
/// committed.
final class KeyRing implements SpaceKeys {
    /// What the keys of its facts begin with.
    static final String KIND = "storage-key";

    /// The space of the engine's own facts.
    static final SpaceId SYSTEM = new SpaceId("quern.system");

    private static final Logger LOG = LoggerFactory.getLogger(KeyRing.class);
    private static final Key KEYS = Key.of(KIND);
    private static final int PAGE = 100;

    private final MetaLog facts;
    private final RandomGenerator random;

    /// The keys of a space by id, never modified once they are here.
    private final ConcurrentMap<SpaceId, TreeMap<Integer, DataKey>> spaces =
            new ConcurrentHashMap<>();

    private final boolean encrypts;

    @GuardedBy("this")
    private @Nullable OperatorKey operator;

    private KeyRing(MetaLog facts, RandomGenerator random, @Nullable OperatorKey operator) {
        this.facts = facts;
        this.random = random;
        this.operator = operator;
        this.encrypts = operator != null;
    }

    /// Opens the keys that the facts have.
    ///
    /// @param operator wraps the keys; without it there must be none
    /// @param previous what may have wrapped them before; they are wrapped by `operator` then
    /// @param random makes keys and nonces
    /// @throws QuernException `INVALID` if there are keys and none or another operator key is given
    static KeyRing open(
            MetaLog facts,
            Optional<OperatorKey> operator,
            Optional<OperatorKey> previous,
            RandomGenerator random) {
        KeyRing ring = new KeyRing(facts, random, operator.orElse(null));
        if (operator.isPresent() && previous.isPresent()) {
            ring.rotateOperatorKey(previous.get(), operator.get());
        }
        ring.load();
        return ring;
    }

    private record KeyName(SpaceId space, int id) {
        static KeyName of(Key key) {
            List<String> parts = key.components();
            return new KeyName(new SpaceId(parts.get(1)), (int) Long.parseLong(parts.get(2), 16));
        }

        Key key() {
            return KEYS.child(space.value()).child(Key.number(id));
        }
    }

    private synchronized void load() {
        Optional<Key> after = Optional.empty();
        List<Fact> page = facts.scan(SYSTEM, KEYS, after, PAGE);
        while (!page.isEmpty()) {
            page.forEach(this::keep);
            after = Optional.of(page.getLast().key());
            page = facts.scan(SYSTEM, KEYS, after, PAGE);
        }
    }

    @GuardedBy("this")
    private DataKey keep(Fact fact) {
        KeyName name = KeyName.of(fact.key());
        if (operator == null) {
            throw QuernException.invalid(
                    "space "
                            + name.space
                            + " is encrypted: open the data directory with its operator key");
        }
        return keep(name, WrappedKeyFormat.unwrap(operator, name.space, name.id, fact.value()));
    }

    private DataKey keep(KeyName name, byte[] bytes) {
        DataKey key = new DataKey(name.id, bytes);
        spaces.compute(
                name.space,
                (_, keys) -> {
                    TreeMap<Integer, DataKey> more = new TreeMap<>();
                    more.putAll(keys == null ? Map.of() : keys);
                    more.put(name.id, key);
                    return more;
                });
        return key;
    }

    @Override
    public Optional<DataKey> current(SpaceId space) {
        if (!encrypts) {
            return Optional.empty();
        }
        TreeMap<Integer, DataKey> keys = spaces.get(space);
        return Optional.of(keys == null ? first(space) : keys.lastEntry().getValue());
    }

    private synchronized DataKey first(SpaceId space) {
        TreeMap<Integer, DataKey> keys = spaces.get(space);
        return keys == null ? create(new KeyName(space, 1)) : keys.lastEntry().getValue();
    }

    @Override
    public DataKey get(SpaceId space, int keyId) {
        DataKey key = spaces.getOrDefault(space, new TreeMap<>()).get(keyId);
        if (key == null) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "data key "
                            + keyId
                            + " of space "
                            + space
                            + " is not among the facts: its chunks cannot be read");
        }
        return key;
    }

    /// Encrypts the new chunks of a space with a new key from here on; those that are there stay as
    /// they are.
    ///
    /// @return the id of the new key
    /// @throws QuernException `INVALID` without an operator key
    synchronized int rotateDataKey(SpaceId space) {
        TreeMap<Integer, DataKey> keys = spaces.get(space);
        return create(new KeyName(space, keys == null ? 1 : keys.lastKey() + 1)).id();
    }

    @GuardedBy("this")
    private DataKey create(KeyName name) {
        if (operator == null) {
            throw QuernException.invalid(
                    "space " + name.space + " can have no data key without an operator key");
        }
        byte[] bytes = new byte[DataKey.BYTES];
        random.nextBytes(bytes);
        byte[] wrapped = WrappedKeyFormat.wrap(operator, name.space, name.id, bytes, random);
        Txn txn = Txn.in(SYSTEM).when(new Absent(name.key())).put(name.key(), wrapped).build();
        try {
            facts.commit(txn);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            return adopt(name);
        }
        LOG.info("space {} has data key {}", name.space, name.id);
        return keep(name, bytes);
    }

    /// The key that is there: made here by a commit that failed, yet was in the log.
    @GuardedBy("this")
    private DataKey adopt(KeyName name) {
        Fact fact =
                facts.find(SYSTEM, name.key())
                        .orElseThrow(() ->
                                QuernException.conflict(
                                        "data key "
                                                + name.id
                                                + " of space "
                                                + name.space
                                                + " came and went"));
        LOG.info("space {} has data key {} from before", name.space, name.id);
        return keep(fact);
    }

    /// Wraps all keys by another operator key, with which alone the store can be opened afterwards.
    /// When it breaks off, some keys need the old one and some the new one; it can be run again,
    /// and the store opened with both.
    ///
    /// @throws QuernException `INVALID` if a key is wrapped by neither
    synchronized void rotateOperatorKey(OperatorKey old, OperatorKey next) {
        if (!encrypts) {
            throw QuernException.invalid("store was opened without an operator key to rotate");
        }
        int rotated = 0;
        Optional<Key> after = Optional.empty();
        List<Fact> page = facts.scan(SYSTEM, KEYS, after, PAGE);
        while (!page.isEmpty()) {
            rotated += rotate(page, old, next);
            after = Optional.of(page.getLast().key());
            page = facts.scan(SYSTEM, KEYS, after, PAGE);
        }
        operator = next;
        LOG.info("{} data keys are wrapped by {} now", rotated, next);
    }

    boolean encrypts() {
        return encrypts;
    }

    @GuardedBy("this")
    private int rotate(List<Fact> page, OperatorKey old, OperatorKey next) {
        Txn.Builder txn = Txn.in(SYSTEM);
        int changed = 0;
        for (Fact fact : page) {
            KeyName name = KeyName.of(fact.key());
            if (WrappedKeyFormat.check(fact.value(), name.space, name.id) != next.check()) {
                byte[] key = WrappedKeyFormat.unwrap(old, name.space, name.id, fact.value());
                txn.when(new Version(fact.key(), fact.version()));
                txn.put(fact.key(), WrappedKeyFormat.wrap(next, name.space, name.id, key, random));
                changed++;
            }
        }
        if (changed > 0) {
            facts.commit(txn.build());
        }
        return changed;
    }
}
