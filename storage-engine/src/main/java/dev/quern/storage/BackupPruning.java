package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.Manifest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Removes old backups from a tier: their manifests, the oldest first, then the files that no other
/// manifest names. A crash in between leaves files that the next run removes; until a manifest is
/// gone, so much is there.
final class BackupPruning {
    private final Tier tier;

    BackupPruning(Tier tier) {
        this.tier = tier;
    }

    /// The backups that a policy removes, the oldest first. Pure.
    ///
    /// @param all the oldest first
    static List<BackupInfo> beyond(BackupPolicy policy, List<BackupInfo> all, Instant now) {
        Instant since = policy.keepWithin().map(now::minus).orElse(Instant.MAX);
        int older = Math.max(0, all.size() - policy.keep());
        return all.subList(0, older).stream()
                .filter(backup -> backup.created().isBefore(since))
                .toList();
    }

    /// Removes what the policy does not keep.
    ///
    /// @param now what the policy counts back from
    PruneReport run(BackupPolicy policy, Instant now, BackupLease lease, boolean dryRun) {
        List<Manifest> all = new ArrayList<>();
        BackupRestore restore = new BackupRestore(tier);
        for (String id : restore.ids()) {
            all.add(restore.manifest(id)); // all of them can be read, or nothing is removed
        }
        all.sort(Comparator.comparing(Manifest::info, BackupInfo.OLDEST_FIRST));
        List<BackupInfo> removed = beyond(policy, all.stream().map(Manifest::info).toList(), now);
        Set<String> gone = new HashSet<>(removed.stream().map(BackupInfo::id).toList());
        Set<String> needed = new HashSet<>();
        List<BackupInfo> kept = new ArrayList<>();
        for (Manifest manifest : all) {
            if (!gone.contains(manifest.info().id())) {
                kept.add(manifest.info());
                manifest.files().forEach(file -> needed.add(file.blob()));
            }
        }
        if (!dryRun) {
            for (BackupInfo backup : removed) {
                requireHeld(lease);
                tier.delete(BackupFormat.MANIFESTS + backup.id());
            }
        }
        return files(needed, lease, dryRun, new Backups(kept, removed));
    }

    private record Backups(List<BackupInfo> kept, List<BackupInfo> removed) {}

    private PruneReport files(
            Set<String> needed, BackupLease lease, boolean dryRun, Backups backups) {
        AtomicInteger count = new AtomicInteger();
        AtomicLong bytes = new AtomicLong();
        String after = "";
        List<Tier.Blob> page;
        do {
            page = tier.list(BackupFormat.FILES, after, Tier.MAX_PAGE);
            after = page.isEmpty() ? after : page.getLast().name();
            List<Tier.Blob> unneeded =
                    page.stream().filter(blob -> !needed.contains(blob.name())).toList();
            Workers.run(
                    unneeded,
                    blob -> {
                        if (!dryRun) {
                            requireHeld(lease);
                            tier.delete(blob.name());
                        }
                        count.incrementAndGet();
                        bytes.addAndGet(blob.sizeBytes());
                    });
        } while (page.size() == Tier.MAX_PAGE);
        return new PruneReport(dryRun, backups.kept, backups.removed, count.get(), bytes.get());
    }

    private void requireHeld(BackupLease lease) {
        if (!lease.isHeld()) {
            throw QuernException.conflict(
                    "the removal of old backups in "
                            + tier
                            + " took so long between two steps that it passed for broken off; run"
                            + " it again");
        }
    }
}
