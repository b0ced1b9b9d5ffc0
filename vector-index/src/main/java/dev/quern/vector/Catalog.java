package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collections and the types of their attributes, as facts. Thread-safe.
final class Catalog {
    private static final int SCAN_FACTS = 1_000;

    /// Concurrent writers that each add attributes retry this often before they give up.
    private static final int MAX_TRIES = 100;

    private final MetaLog facts;
    private final InstantSource clock;
    private final IdSource ids;

    Catalog(MetaLog facts, InstantSource clock, IdSource ids) {
        this.facts = facts;
        this.clock = clock;
        this.ids = ids;
    }

    Definition create(SpaceId space, CollectionSpec spec, boolean ifNotExists) {
        Optional<Definition> existing = find(space, spec.name());
        if (existing.isPresent()) {
            return existing(existing.get(), spec, ifNotExists);
        }
        Definition definition =
                new Definition(
                        space,
                        spec.name(),
                        ids.next(),
                        Instant.ofEpochMilli(clock.instant().toEpochMilli()),
                        spec.dims(),
                        spec.metric(),
                        spec.model(),
                        0);
        Key key = Keys.definition(spec.name());
        try {
            facts.commit(
                    Txn.in(space)
                            .when(new Txn.Condition.Absent(key))
                            .put(key, DefinitionFormat.encode(definition))
                            .build());
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            return existing(get(space, spec.name()), spec, ifNotExists);
        }
        return get(space, spec.name());
    }

    private static Definition existing(
            Definition definition, CollectionSpec spec, boolean ifNotExists) {
        if (!ifNotExists) {
            throw QuernException.conflict("collection \"" + spec.name() + "\" exists already");
        }
        if (!definition.matches(spec)) {
            throw QuernException.conflict(
                    "collection \""
                            + spec.name()
                            + "\" exists with "
                            + definition.shape()
                            + ", asked for "
                            + spec.dims()
                            + " dims, "
                            + spec.metric()
                            + spec.model().map(m -> ", model " + m).orElse(""));
        }
        return definition;
    }

    Definition get(SpaceId space, String name) {
        return find(space, name).orElseThrow(() -> notFound(name));
    }

    private Optional<Definition> find(SpaceId space, String name) {
        Names.require("collection", name);
        return facts.find(space, Keys.definition(name))
                .map(fact -> DefinitionFormat.decode(space, fact));
    }

    /// Refuses a collection that was deleted since its definition was read.
    ///
    /// @throws QuernException `NOT_FOUND`
    void requireCurrent(Definition definition) {
        if (get(definition.space(), definition.name()).version() != definition.version()) {
            throw notFound(definition.name());
        }
    }

    static QuernException notFound(String name) {
        return QuernException.notFound("collection \"" + name + "\" does not exist");
    }

    List<Definition> list(SpaceId space) {
        List<Definition> definitions = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, Keys.DEFINITIONS, after, SCAN_FACTS);
            page.forEach(fact -> definitions.add(DefinitionFormat.decode(space, fact)));
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == SCAN_FACTS);
        return definitions;
    }

    /// Removes every fact of a collection in one step.
    void delete(Definition definition) {
        Key tail = Keys.tail(definition.id());
        try {
            facts.commit(
                    Txn.in(definition.space())
                            .when(WriteLog.exists(definition))
                            .delete(Keys.definition(definition.name()))
                            .delete(Keys.attributes(definition.id()))
                            .delete(Keys.checkpoint(definition.id()))
                            .then(new Txn.Mutation.DeleteThrough(tail, tail))
                            .build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? notFound(definition.name()) : e;
        }
    }

    AttributeTypes attributes(Definition definition) {
        return facts.find(definition.space(), Keys.attributes(definition.id()))
                .map(AttributesFormat::decode)
                .orElseGet(AttributeTypes::none);
    }

    /// The types with those of the rows' new attributes, durable.
    ///
    /// @param known what the caller knows of
    /// @throws QuernException `INVALID` at the bound on attributes, `NOT_FOUND` if the collection
    ///   was deleted meanwhile
    AttributeTypes extend(Definition definition, AttributeTypes known, List<Row> rows) {
        AttributeTypes base = known;
        Key key = Keys.attributes(definition.id());
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            AttributeTypes wanted = base.with(rows);
            if (wanted.size() == base.size()) {
                return base;
            }
            try {
                long version =
                        facts.commit(
                                Txn.in(definition.space())
                                        .when(WriteLog.exists(definition))
                                        .when(
                                                base.version() == 0
                                                        ? new Txn.Condition.Absent(key)
                                                        : new Txn.Condition.Version(
                                                                key, base.version()))
                                        .put(key, AttributesFormat.encode(wanted))
                                        .build());
                return new AttributeTypes(version, wanted.types());
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT) {
                    throw e;
                }
                requireCurrent(definition);
                base = attributes(definition);
            }
        }
        throw QuernException.exhausted(
                "collection \"" + definition.name() + "\": too many writers add attributes", 100);
    }
}
