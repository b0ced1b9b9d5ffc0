package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/// The names of collections: aliases and renames. An alias is a fact that names the collection, and
/// is listed in the collection's; one transaction changes all facts that a step concerns, so that
/// every name means one collection at any time. A step that loses a race is planned anew.
/// Thread-safe.
public final class CatalogNames {
    /// Of one collection; a rename writes them all in one transaction.
    static final int MAX_ALIASES = 64;

    private static final int MAX_TRIES = 100;

    private final Catalog catalog;
    private final MetaLog facts;

    CatalogNames(Catalog catalog, MetaLog facts) {
        this.catalog = catalog;
        this.facts = facts;
    }

    /// Makes an alias mean a collection, whatever it meant before: from one moment on it is the
    /// other. Of the reads and writes under the alias that go on meanwhile each takes place wholly
    /// before or wholly after.
    ///
    /// @param collection its name, or another alias of it
    /// @throws QuernException `NOT_FOUND` for the collection; `CONFLICT` if a collection has the
    ///   name; `INVALID` for the name, or at 64 aliases of one collection
    public void setAlias(SpaceId space, String alias, String collection) {
        Names.require("alias", alias);
        retried(alias, () -> planSet(space, alias, collection));
    }

    private Optional<Txn> planSet(SpaceId space, String alias, String collection) {
        Definition target = catalog.settled(catalog.get(space, collection));
        Optional<Definition> before = catalog.find(space, alias);
        if (before.isPresent() && before.get().name().equals(alias)) {
            throw QuernException.conflict(
                    "\"" + alias + "\" is a collection: an alias needs a name of its own");
        }
        if (before.isPresent() && before.get().id().equals(target.id())) {
            return Optional.empty();
        }
        if (target.aliases().size() >= MAX_ALIASES) {
            throw QuernException.invalid(
                    "collection \""
                            + target.name()
                            + "\" has "
                            + MAX_ALIASES
                            + " aliases, the bound is reached");
        }
        Txn.Builder txn =
                Txn.in(space)
                        .when(new Txn.Condition.Absent(Keys.definition(alias)))
                        .put(Keys.alias(alias), AliasFormat.encode(target.name()));
        put(txn, target, with(target, alias));
        if (before.isPresent()) {
            Definition other = catalog.settled(before.get());
            put(txn, other, without(other, alias));
        } else {
            txn.when(new Txn.Condition.Absent(Keys.alias(alias)));
        }
        return Optional.of(txn.build());
    }

    private static void put(Txn.Builder txn, Definition before, Definition after) {
        txn.when(WriteLog.exists(before))
                .put(Keys.definition(after.name()), DefinitionFormat.encode(after));
    }

    private static Definition with(Definition definition, String alias) {
        TreeSet<String> aliases = new TreeSet<>(definition.aliases());
        aliases.add(alias);
        return definition.withAliases(List.copyOf(aliases));
    }

    private static Definition without(Definition definition, String alias) {
        return definition.withAliases(
                definition.aliases().stream().filter(other -> !other.equals(alias)).toList());
    }

    /// Takes an alias away; the collection stays.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such alias
    public void deleteAlias(SpaceId space, String alias) {
        retried(
                alias,
                () -> {
                    Definition target =
                            catalog.find(space, alias)
                                    .filter(found -> !found.name().equals(alias))
                                    .map(catalog::settled)
                                    .orElseThrow(() ->
                                            QuernException.notFound(
                                                    "alias \"" + alias + "\" does not exist"));
                    Txn.Builder txn = Txn.in(space).delete(Keys.alias(alias));
                    put(txn, target, without(target, alias));
                    return Optional.of(txn.build());
                });
    }

    /// The aliases of a space with the names of their collections, in name order.
    public NavigableMap<String, String> aliases(SpaceId space) {
        NavigableMap<String, String> aliases = new TreeMap<>();
        for (Definition definition : catalog.list(space)) {
            definition.aliases().forEach(alias -> aliases.put(alias, definition.name()));
        }
        return aliases;
    }

    /// Gives a collection another name. It keeps its id, rows, snapshots and aliases. A write under
    /// the old name that goes on meanwhile succeeds or is `NOT_FOUND`.
    ///
    /// @param name its name, or an alias of it
    /// @throws QuernException `NOT_FOUND`; `INVALID` for the new name; `CONFLICT` if a collection
    ///   or an alias has it
    public void rename(SpaceId space, String name, String to) {
        Names.require("collection", to);
        retried(name, () -> planRename(space, name, to));
    }

    private Optional<Txn> planRename(SpaceId space, String name, String to) {
        Definition before = catalog.settled(catalog.get(space, name));
        if (before.name().equals(to)) {
            return Optional.empty();
        }
        if (catalog.find(space, to).isPresent()) {
            throw taken(to);
        }
        Definition after = before.withName(to);
        Txn.Builder txn = Txn.in(space).delete(Keys.definition(before.name()));
        requireFree(txn, to);
        put(txn, before, after);
        before.aliases().forEach(alias -> txn.put(Keys.alias(alias), AliasFormat.encode(to)));
        return Optional.of(txn.build());
    }

    /// Adds the conditions that a name is free.
    static void requireFree(Txn.Builder txn, String name) {
        txn.when(new Txn.Condition.Absent(Keys.definition(name)))
                .when(new Txn.Condition.Absent(Keys.alias(name)));
    }

    static QuernException taken(String name) {
        return QuernException.conflict("collection or alias \"" + name + "\" exists already");
    }

    /// Plans and commits until nothing came between.
    private void retried(String name, Supplier<Optional<Txn>> plan) {
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            Optional<Txn> txn = plan.get();
            if (txn.isEmpty()) {
                return;
            }
            try {
                facts.commit(txn.get());
                return;
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT) {
                    throw e;
                }
            }
        }
        throw QuernException.exhausted("too many others change \"" + name + "\"", 100);
    }
}
