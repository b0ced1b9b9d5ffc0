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
import java.util.function.UnaryOperator;

/// Collections and their schemas, as facts. Thread-safe.
final class Catalog {
    private static final int SCAN_FACTS = 1_000;

    /// Concurrent writers that each add fields retry this often before they give up.
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
                        Optional.empty(),
                        0);
        Key key = Keys.definition(spec.name());
        try {
            facts.commit(
                    Txn.in(space)
                            .when(new Txn.Condition.Absent(key))
                            .put(key, DefinitionFormat.encode(definition))
                            .put(Keys.schema(definition.id()), SchemaFormat.encode(spec.schema()))
                            .build());
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            return existing(get(space, spec.name()), spec, ifNotExists);
        }
        return get(space, spec.name());
    }

    private Definition existing(Definition definition, CollectionSpec spec, boolean ifNotExists) {
        if (!ifNotExists) {
            throw QuernException.conflict("collection \"" + spec.name() + "\" exists already");
        }
        CollectionSchema schema = schema(definition).fields();
        try {
            if (schema.vectors().keySet().containsAll(spec.schema().vectors().keySet())
                    && schema.texts().keySet().containsAll(spec.schema().texts().keySet())
                    && schema.with(spec.schema()).attributes().equals(schema.attributes())) {
                return definition;
            }
        } catch (QuernException e) {
            throw exists(spec, String.valueOf(e.getMessage()));
        }
        throw exists(spec, "it lacks fields that were asked for: add them to it");
    }

    private static QuernException exists(CollectionSpec spec, String difference) {
        return QuernException.conflict(
                "collection \"" + spec.name() + "\" exists with other fields: " + difference);
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
                            .delete(Keys.schema(definition.id()))
                            .delete(Keys.checkpoint(definition.id()))
                            .then(new Txn.Mutation.DeleteThrough(tail, tail))
                            .build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? notFound(definition.name()) : e;
        }
    }

    Schema schema(Definition definition) {
        return facts.find(definition.space(), Keys.schema(definition.id()))
                .map(fact -> SchemaFormat.decode(definition, fact))
                .orElseGet(() -> SchemaFormat.ofDefinition(definition));
    }

    /// A change of a schema; gives an equal one to leave it as it is.
    interface SchemaChange extends UnaryOperator<Schema> {}

    /// Changes a schema, durably.
    ///
    /// @param known what the caller knows of
    /// @throws QuernException as the change does; `NOT_FOUND` if the collection was deleted
    ///   meanwhile
    Schema change(Definition definition, Schema known, SchemaChange change) {
        Schema base = known;
        Key key = Keys.schema(definition.id());
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            Schema wanted = change.apply(base);
            if (wanted.equals(base)) {
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
                                        .put(key, SchemaFormat.encode(wanted.fields()))
                                        .build());
                return new Schema(version, wanted.fields());
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT) {
                    throw e;
                }
                requireCurrent(definition);
                base = schema(definition);
            }
        }
        throw QuernException.exhausted(
                "collection \"" + definition.name() + "\": too many writers add fields", 100);
    }
}
