package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.FactLogFormat.Header;
import dev.quern.storage.LogScanner.End;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the segments of a log when it is opened, and where the last one ends. What a crash tore is
/// cut off; damage of what was acknowledged is `CORRUPT`. Not thread-safe.
final class LogRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);
    private static final Pattern NAME = Pattern.compile("[0-7][0-9a-f]{15}\\.log");

    private final Disk disk;
    private final Path directory;
    private final long stateIndex;
    private final LogSettler settler;

    /// @param stateIndex how far the state has got: what it has was forced in the log before
    LogRecovery(Disk disk, Path directory, long stateIndex) {
        this.disk = disk;
        this.directory = directory;
        this.stateIndex = stateIndex;
        this.settler = new LogSettler(disk, directory);
    }

    /// What is there.
    ///
    /// @param segments by first index, none empty
    /// @param last position after the last entry; null without segments
    record Found(NavigableMap<Long, LogSegment> segments, @Nullable LogPosition last) {}

    Found run() throws IOException {
        disk.createDirectories(directory);
        List<Long> indexes = new ArrayList<>(firstIndexes());
        settler.resume(indexes.isEmpty() ? 0 : indexes.getLast());
        LogPosition last = null;
        long limitIndex = Long.MAX_VALUE;
        while (last == null && !indexes.isEmpty()) {
            last = finish(indexes.getLast(), limitIndex);
            if (last == null) {
                limitIndex = indexes.removeLast();
            }
        }
        NavigableMap<Long, LogSegment> segments = new TreeMap<>();
        for (long index : indexes) {
            long size = disk.sizeBytes(LogSegment.file(directory, index));
            segments.put(index, new LogSegment(disk, directory, index, size));
        }
        settler.clear();
        return new Found(segments, last);
    }

    private List<Long> firstIndexes() throws IOException {
        List<Long> indexes = new ArrayList<>();
        for (Path file : disk.list(directory, LogSegment.SUFFIX)) {
            String name = String.valueOf(file.getFileName());
            if (NAME.matcher(name).matches()) {
                indexes.add(Long.parseLong(name.substring(0, 16), 16));
            } else {
                LOG.warn("log directory has a file that is no segment: {}", file);
            }
        }
        return indexes.stream().sorted().toList();
    }

    /// Ends the last segment after its last entry, or removes it when it has none. Its last group
    /// may be in the page cache only, left there by a force that failed or never came; not so when
    /// the state has it, or when a segment was begun after it: both come after its force.
    ///
    /// @param limitIndex where an empty segment began that followed it
    private @Nullable LogPosition finish(long firstIndex, long limitIndex) throws IOException {
        Path file = LogSegment.file(directory, firstIndex);
        LogPosition last = null;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = disk.map(file, arena);
            Header header = FactLogFormat.header(bytes, firstIndex, file);
            if (header == null) {
                requireUnused(bytes, file);
            } else {
                LogScanner scanner = new LogScanner(file, bytes, header);
                End end = scanner.scan(limitIndex, (_, _) -> {});
                if (limitIndex == Long.MAX_VALUE) {
                    scanner.requireLast(end);
                } else if (end.nextIndex(header) != limitIndex) {
                    throw scanner.damaged(end, "the next segment begins at " + limitIndex);
                }
                LogEntry entry = end.last();
                if (entry != null) {
                    GroupCopy group = lastGroup(bytes, header, end, entry);
                    boolean forced = entry.index() <= stateIndex && !settler.hasBegun(group);
                    if (limitIndex == Long.MAX_VALUE && !forced) {
                        settler.settle(group);
                    } else if (end.offset() < bytes.byteSize()) {
                        cut(file, end.offset());
                    }
                    last = entry.position();
                }
            }
        }
        if (last == null) {
            LOG.info("log segment {} has no entries, removed", file);
            disk.delete(file);
            disk.syncDirectory(directory);
        }
        return last;
    }

    /// A segment without a header was never appended to, or is damaged.
    private static void requireUnused(MemorySegment bytes, Path file) {
        MemorySegment rest = bytes.asSlice(Math.min(bytes.byteSize(), FactLogFormat.HEADER_BYTES));
        for (long at = 0; at < rest.byteSize(); at += 8) {
            if (FactLogFormat.mayBeEntry(rest, at)) {
                throw QuernException.corrupt(
                        "log segment " + file + " at offset 0 has a damaged header");
            }
        }
    }

    private static GroupCopy lastGroup(
            MemorySegment bytes, Header header, End end, LogEntry entry) {
        byte[] group =
                bytes.asSlice(end.groupOffset(), end.offset() - end.groupOffset())
                        .toArray(ValueLayout.JAVA_BYTE);
        return new GroupCopy(
                header.firstIndex(), header.salt(), end.groupOffset(), entry.group(), group);
    }

    private void cut(Path file, long sizeBytes) throws IOException {
        try (DiskFile open = disk.open(file)) {
            open.resize(sizeBytes);
            open.force();
        }
    }
}
