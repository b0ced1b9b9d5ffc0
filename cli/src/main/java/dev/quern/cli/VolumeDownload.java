package dev.quern.cli;

import dev.quern.client.VolumeFiles;
import dev.quern.common.wire.FileEntry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// Writes files of a volume to local ones: whole or not at all, through a `.part` file beside them.
final class VolumeDownload {
    private final VolumeFiles files;
    private final Progress progress;
    private long doneBytes;

    VolumeDownload(VolumeFiles files, Progress progress) {
        this.files = files;
        this.progress = progress;
    }

    void standardOutput(String path) throws IOException {
        try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
            files.get(path, out);
        }
    }

    /// @param local the file, or a directory that gets a file of the same name
    void file(String path, Path local) throws IOException {
        String name = path.substring(path.lastIndexOf('/') + 1);
        write(path, Files.isDirectory(local) ? local.resolve(name) : local);
    }

    void directory(String path, Path local) throws IOException {
        List<FileEntry> entries = new ArrayList<>();
        files.forEach(path, true, entries::add);
        entries.removeIf(entry -> !entry.type().equals("file"));
        long totalBytes = entries.stream().mapToLong(FileEntry::sizeBytes).sum();
        String prefix = path.isEmpty() || path.endsWith("/") ? path : path + "/";
        for (FileEntry entry : entries) {
            Path target = local.resolve(entry.path().substring(prefix.length()));
            Files.createDirectories(target.toAbsolutePath().getParent());
            write(entry.path(), target);
            doneBytes += entry.sizeBytes();
            progress.showBytes(doneBytes, totalBytes);
        }
    }

    private void write(String path, Path target) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            try (OutputStream out = Files.newOutputStream(part)) {
                files.get(path, out);
            }
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
