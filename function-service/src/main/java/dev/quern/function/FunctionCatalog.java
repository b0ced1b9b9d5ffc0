package dev.quern.function;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Deployments as facts. The fact at a function's name is the version that is called; the newest
/// 100 versions stay beside it for calls that were accepted for them. Thread-safe.
final class FunctionCatalog {
    static final int KEPT_VERSIONS = 100;

    /// Spaces that have functions, so that their queues are found after a restart; no user can name
    /// this space.
    private static final SpaceId SYSTEM = new SpaceId("quern.system");

    private static final Key SPACES = Key.of("function-space");
    private static final Key HEADS = Key.of("function");
    private static final Key VERSIONS = Key.of("function-version");
    private static final int PAGE = 1_000;

    private final MetaLog facts;
    private final InstantSource clock;
    private final RandomGenerator random;

    FunctionCatalog(MetaLog facts, InstantSource clock, RandomGenerator random) {
        this.facts = facts;
        this.clock = clock;
        this.random = random;
    }

    /// What the next deployment of a name would be; nothing is written.
    Deployment draft(SpaceId space, String name, DeploySpec spec) {
        int version = find(space, name).map(d -> d.info().version()).orElse(0) + 1;
        Instant now = Instant.ofEpochMilli(clock.millis());
        return new Deployment(
                space,
                new FunctionInfo(name, version, spec, now),
                HexFormat.of().toHexDigits(random.nextLong()));
    }

    /// Makes a draft the version that is called.
    ///
    /// @throws QuernException `CONFLICT` if another deployment came between
    void publish(Deployment draft) {
        SpaceId space = draft.space();
        Key spaceKey = SPACES.child(space.value());
        if (facts.find(SYSTEM, spaceKey).isEmpty()) {
            facts.commit(Txn.in(SYSTEM).put(spaceKey, new byte[] {1}).build());
        }
        FunctionInfo info = draft.info();
        Key head = HEADS.child(info.name());
        Optional<MetaLog.Fact> before = facts.find(space, head);
        int last = before.map(f -> decode(space, f).info().version()).orElse(0);
        if (last + 1 != info.version()) {
            throw raced(info);
        }
        byte[] value = DeploymentFormat.encode(draft);
        Txn.Builder txn =
                Txn.in(space)
                        .when(
                                before.<Txn.Condition>map(
                                                f -> new Txn.Condition.Version(head, f.version()))
                                        .orElse(new Txn.Condition.Absent(head)))
                        .put(head, value)
                        .put(version(info.name(), info.version()), value);
        if (info.version() > KEPT_VERSIONS) {
            txn.delete(version(info.name(), info.version() - KEPT_VERSIONS));
        }
        facts.commit(txn.build());
    }

    private static QuernException raced(FunctionInfo info) {
        return QuernException.conflict(
                "function "
                        + info.name()
                        + " was deployed by someone else meanwhile; version "
                        + info.version()
                        + " is taken");
    }

    Optional<Deployment> find(SpaceId space, String name) {
        return facts.find(space, HEADS.child(Names.require("function", name)))
                .map(fact -> decode(space, fact));
    }

    /// The version that is called.
    ///
    /// @throws QuernException `NOT_FOUND`
    Deployment get(SpaceId space, String name) {
        return find(space, name)
                .orElseThrow(() ->
                        QuernException.notFound("function " + name + " is not in space " + space));
    }

    /// The version that a queued call was accepted for.
    Optional<Deployment> find(SpaceId space, String name, int version, String deployment) {
        return facts.find(space, version(name, version))
                .map(fact -> decode(space, fact))
                .filter(found -> found.id().equals(deployment));
    }

    /// All functions of a space, in name order.
    List<Deployment> list(SpaceId space) {
        List<Deployment> all = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        while (true) {
            List<MetaLog.Fact> page = facts.scan(space, HEADS, after, PAGE);
            page.forEach(fact -> all.add(decode(space, fact)));
            if (page.size() < PAGE) {
                return all;
            }
            after = Optional.of(page.getLast().key());
        }
    }

    /// Removes a function with all its versions; returns what was called before.
    ///
    /// @throws QuernException `NOT_FOUND`
    Deployment delete(SpaceId space, String name) {
        Deployment last = get(space, name);
        Key versions = VERSIONS.child(name);
        facts.commit(
                Txn.in(space)
                        .when(new Txn.Condition.Exists(HEADS.child(name)))
                        .delete(HEADS.child(name))
                        .then(new Txn.Mutation.DeleteThrough(versions, versions))
                        .build());
        return last;
    }

    /// Spaces in which a function was ever deployed.
    List<SpaceId> spaces() {
        List<SpaceId> all = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        while (true) {
            List<MetaLog.Fact> page = facts.scan(SYSTEM, SPACES, after, PAGE);
            page.forEach(fact -> all.add(new SpaceId(fact.key().last())));
            if (page.size() < PAGE) {
                return all;
            }
            after = Optional.of(page.getLast().key());
        }
    }

    private static Key version(String name, int version) {
        return VERSIONS.child(name).child(Key.number(version));
    }

    private static Deployment decode(SpaceId space, MetaLog.Fact fact) {
        return DeploymentFormat.decode(space, fact.value(), fact.key().toString());
    }
}
