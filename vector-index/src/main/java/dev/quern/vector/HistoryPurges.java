package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets go of what is older than the histories of collections, open or not: every minute, of a
/// bounded number of collections and by transactions of a bounded size; the next minute goes on
/// from there. Thread-safe. The owner closes it.
final class HistoryPurges implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HistoryPurges.class);
    private static final Duration PERIOD = Duration.ofMinutes(1);

    /// Collections looked at in a round.
    private static final int MAX_COLLECTIONS = 1_000;

    private static final int PAGE = 100;

    private final MetaLog facts;
    private final History history;
    private final Rounds timer;

    /// The last collection of the last round that did not come to the end.
    private Optional<Place> from = Optional.empty();

    private record Place(SpaceId space, String id) {}

    HistoryPurges(MetaLog facts, History history) {
        this.facts = facts;
        this.history = history;
        this.timer = new Rounds("quern-history", PERIOD, this::purge);
    }

    /// One round.
    synchronized void purge() {
        try {
            List<Place> places = places();
            places.forEach(this::purge);
            from =
                    places.size() < MAX_COLLECTIONS
                            ? Optional.empty()
                            : Optional.of(places.getLast());
        } catch (RuntimeException e) {
            log.warn("histories are not purged for now", e);
        }
    }

    private void purge(Place place) {
        try {
            var _ = history.purge(place.space(), place.id());
        } catch (QuernException e) {
            log.debug("history of {} stays for now: {}", place.id(), e.toString());
        }
    }

    /// The next collections.
    private List<Place> places() {
        List<Place> places = new ArrayList<>();
        List<SpaceId> spaces = new ArrayList<>();
        from.ifPresent(last -> spaces.add(last.space()));
        Optional<SpaceId> after = from.map(Place::space);
        for (List<SpaceId> page = facts.spaces(after, PAGE);
                !page.isEmpty();
                page = facts.spaces(after, PAGE)) {
            spaces.addAll(page);
            after = Optional.of(page.getLast());
        }
        for (SpaceId space : spaces) {
            Optional<String> last = from.filter(p -> p.space().equals(space)).map(Place::id);
            for (String id : ids(space, last, MAX_COLLECTIONS - places.size())) {
                places.add(new Place(space, id));
            }
            if (places.size() >= MAX_COLLECTIONS) {
                break;
            }
        }
        return places;
    }

    private Set<String> ids(SpaceId space, Optional<String> after, int limit) {
        Set<String> ids = new LinkedHashSet<>();
        Optional<Key> from = after.map(id -> Keys.checkpoint(id));
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, Keys.CHECKPOINTS, from, Math.min(PAGE, limit));
            page.forEach(fact -> ids.add(fact.key().last()));
            from = page.isEmpty() ? from : Optional.of(page.getLast().key());
        } while (!page.isEmpty() && ids.size() < limit);
        return ids;
    }

    @Override
    public void close() {
        timer.close();
    }
}
