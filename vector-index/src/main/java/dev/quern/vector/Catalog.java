package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.FactMemo;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Collections and their schemas, as facts. A name is a collection's own or an alias. Thread-safe.
final class Catalog {
    private static final int SCAN_FACTS = 1_000;

    /// Concurrent writers that each add fields retry this often before they give up.
    private static final int MAX_TRIES = 100;

    private final MetaLog facts;
    private final InstantSource clock;
    private final IdSource ids;
    private final Companions companions;
    private final FactMemo<Called, Definition> definitions;
    private final FactMemo<String, Schema> schemas;
    private final History history;

    /// What a collection is called.
    private record Called(SpaceId space, String name) {}

    Catalog(
            MetaLog facts,
            InstantSource clock,
            IdSource ids,
            Companions companions,
            History history) {
        this.facts = facts;
        this.clock = clock;
        this.ids = ids;
        this.companions = companions;
        this.definitions = new FactMemo<>(facts);
        this.schemas = new FactMemo<>(facts);
        this.history = history;
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
                        List.of(),
                        0,
                        0);
        Key key = Keys.definition(spec.name());
        Txn.Builder txn =
                Txn.in(space)
                        .when(new Txn.Condition.Absent(key))
                        .when(new Txn.Condition.Absent(Keys.alias(spec.name())))
                        .put(key, DefinitionFormat.encode(definition))
                        .put(
                                Keys.schema(definition.id()),
                                SchemaFormat.encode(new Schema(0, spec.schema())));
        history.beginEmpty(txn, definition);
        try {
            facts.commit(txn.build());
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
        return definitions.get(
                new Called(space, name),
                called ->
                        find(called.space(), called.name())
                                .orElseThrow(() -> notFound(called.name())));
    }

    /// The collection of a name or alias if nothing need be read for it.
    Optional<Definition> known(SpaceId space, String name) {
        return definitions.find(new Called(space, name));
    }

    /// The collection of a name, which may be an alias.
    Optional<Definition> find(SpaceId space, String name) {
        Names.require("collection", name);
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            Optional<Definition> own = findOwn(space, name);
            if (own.isPresent()) {
                return own;
            }
            Optional<String> target = facts.find(space, Keys.alias(name)).map(AliasFormat::decode);
            if (target.isEmpty()) {
                return Optional.empty();
            }
            Optional<Definition> definition = findOwn(space, target.get());
            if (definition.isPresent() && definition.get().aliases().contains(name)) {
                return definition;
            }
            // Renamed, switched or deleted between the two looks.
        }
        throw QuernException.exhausted("\"" + name + "\" is being switched all the time", 100);
    }

    private Optional<Definition> findOwn(SpaceId space, String name) {
        return facts.find(space, Keys.definition(name))
                .map(fact -> DefinitionFormat.decode(space, fact));
    }

    /// The collection as it is called now.
    ///
    /// @throws QuernException `NOT_FOUND` if it was deleted since its definition was read
    Definition current(Definition definition) {
        return findOwn(definition.space(), definition.name())
                .filter(found -> found.id().equals(definition.id()))
                .or(() ->
                        list(definition.space()).stream()
                                .filter(found -> found.id().equals(definition.id()))
                                .findFirst())
                .orElseThrow(() -> notFound(definition.name()));
    }

    /// The very collection that a caller knows.
    ///
    /// @throws QuernException `NOT_FOUND`; `CONFLICT` if it was rolled back since
    Definition get(SpaceId space, CollectionInfo known) {
        Definition now =
                current(
                        new Definition(
                                space,
                                known.name(),
                                known.id(),
                                known.createdAt(),
                                Optional.empty(),
                                known.aliases(),
                                known.epoch(),
                                0));
        if (now.epoch() != known.epoch()) {
            throw QuernException.conflict(
                    "collection \"" + now.name() + "\" was rolled back meanwhile");
        }
        return now;
    }

    /// The condition that a collection was not deleted, whatever it is called by now. Only for one
    /// that was [#settled].
    static Txn.Condition alive(Definition definition) {
        return new Txn.Condition.Exists(Keys.schema(definition.id()));
    }

    /// The collection as it is called now, with its schema in a fact of its own, as every version
    /// but the first has it.
    ///
    /// @throws QuernException `NOT_FOUND` if it was deleted meanwhile
    Definition settled(Definition definition) {
        Definition now = current(definition);
        if (now.firstVector().isEmpty()) {
            return now;
        }
        Key key = Keys.schema(now.id());
        Schema schema = schema(now);
        try {
            facts.commit(
                    Txn.in(now.space())
                            .when(WriteLog.exists(now))
                            .when(
                                    schema.version() == 0
                                            ? new Txn.Condition.Absent(key)
                                            : new Txn.Condition.Version(key, schema.version()))
                            .put(key, SchemaFormat.encode(schema))
                            .put(Keys.definition(now.name()), DefinitionFormat.encode(now))
                            .build());
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
        }
        return settled(now);
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

    /// Removes every fact of a collection in one step, its snapshots and aliases too. The
    /// companions of its snapshots go first: without a snapshot nobody reads them.
    ///
    /// @param name its own, not an alias
    Definition delete(SpaceId space, String name) {
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            Definition definition = get(space, name);
            if (!definition.name().equals(name)) {
                throw QuernException.conflict(
                        "\""
                                + name
                                + "\" is an alias of collection \""
                                + definition.name()
                                + "\": delete the alias, or the collection by its own name");
            }
            companions.deleteOfSnapshots(definition);
            if (tryDelete(definition)) {
                return definition;
            }
        }
        throw QuernException.exhausted("too many others change \"" + name + "\"", 100);
    }

    /// Whether nothing changed since the definition was read.
    private boolean tryDelete(Definition definition) {
        String id = definition.id();
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(WriteLog.exists(definition))
                        .delete(Keys.definition(definition.name()))
                        .delete(Keys.schema(id))
                        .delete(Keys.checkpoint(id))
                        .delete(Keys.window(id));
        definition.aliases().forEach(alias -> txn.delete(Keys.alias(alias)));
        companions.delete(txn, id);
        for (Key prefix : List.of(Keys.tail(id), Keys.snapshots(id), Keys.history(id))) {
            txn.then(new Txn.Mutation.DeleteThrough(prefix, prefix));
        }
        try {
            facts.commit(txn.build());
            return true;
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            return false;
        }
    }

    Schema schema(Definition definition) {
        return schemas.get(
                definition.id(),
                id ->
                        facts.find(definition.space(), Keys.schema(id))
                                .map(fact -> SchemaFormat.decode(definition, fact))
                                .orElseGet(() -> withoutFact(definition)));
    }

    /// A collection of version 1 may have no such fact, others only once they are deleted.
    private Schema withoutFact(Definition definition) {
        boolean there =
                find(definition.space(), definition.name())
                        .filter(found -> found.id().equals(definition.id()))
                        .isPresent();
        if (definition.firstVector().isEmpty() && !there) {
            throw notFound(definition.name());
        }
        return SchemaFormat.ofDefinition(definition);
    }

    /// A change of a schema; gives an equal one to leave it as it is.
    interface SchemaChange extends UnaryOperator<Schema> {}

    /// Changes a schema, durably.
    ///
    /// @param definition [#settled]
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
                                        .when(new Txn.Condition.Version(key, base.version()))
                                        .put(key, SchemaFormat.encode(wanted))
                                        .build());
                return new Schema(version, wanted.fields(), wanted.tuned());
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT) {
                    throw e;
                }
                current(definition);
                base = schema(definition);
            }
        }
        throw QuernException.exhausted(
                "collection \"" + definition.name() + "\": too many writers add fields", 100);
    }
}
