package dev.quern.cli;

import dev.quern.client.VolumeFiles;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Local files and the paths they get in a volume.
///
/// A directory keeps its name, `put v docs` makes `docs/...`, unless it is named by its content:
/// `put v docs/.` makes what is in it lie at the top.
public final class VolumeUpload {
    private final Map<String, Path> files;
    private final long totalBytes;

    private VolumeUpload(Map<String, Path> files, long totalBytes) {
        this.files = files;
        this.totalBytes = totalBytes;
    }

    /// Finds the files.
    ///
    /// @param locals files and directories; symbolic links are followed
    /// @param to folder in the volume, empty for its root
    /// @throws QuernException `INVALID` naming what cannot be read
    public static VolumeUpload of(List<Path> locals, String to) {
        Map<String, Path> files = new LinkedHashMap<>();
        String base = to.isEmpty() || to.endsWith("/") ? to : to + "/";
        long totalBytes = 0;
        for (Path local : locals) {
            for (Map.Entry<String, Path> file : find(local).entrySet()) {
                files.put(base + file.getKey(), file.getValue());
            }
        }
        for (Path file : files.values()) {
            try {
                totalBytes += Files.size(file);
            } catch (IOException e) {
                throw unreadable(file, e);
            }
        }
        return new VolumeUpload(files, totalBytes);
    }

    private static Map<String, Path> find(Path local) {
        Map<String, Path> found = new LinkedHashMap<>();
        if (!Files.exists(local)) {
            throw QuernException.invalid("no such file or directory: " + local);
        }
        Path name = local.getFileName();
        if (Files.isRegularFile(local)) {
            found.put(String.valueOf(name), local);
            return found;
        }
        boolean contentOnly =
                local.toString().isEmpty()
                        || local.endsWith(".")
                        || local.endsWith("..")
                        || name == null;
        String prefix = contentOnly ? "" : name + "/";
        try (Stream<Path> tree = Files.walk(local, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file :
                    (Iterable<Path>) tree.filter(Files::isRegularFile).sorted()::iterator) {
                String inside = local.relativize(file).toString().replace('\\', '/');
                found.put(prefix + inside, file);
            }
        } catch (IOException e) {
            throw unreadable(local, e);
        }
        return found;
    }

    /// The content of one directory, at the top of the volume; hidden files and folders are left
    /// out.
    public static VolumeUpload contentOf(Path directory) {
        Map<String, Path> files = new LinkedHashMap<>();
        long totalBytes = 0;
        for (Map.Entry<String, Path> file : find(directory.resolve(".")).entrySet()) {
            boolean hidden =
                    Stream.of(file.getKey().split("/")).anyMatch(part -> part.startsWith("."));
            if (!hidden && Files.isRegularFile(file.getValue(), LinkOption.NOFOLLOW_LINKS)) {
                files.put(file.getKey(), file.getValue());
                totalBytes += file.getValue().toFile().length();
            }
        }
        return new VolumeUpload(files, totalBytes);
    }

    /// Uploads every file into the session of `target`.
    ///
    /// @return bytes sent
    public long send(VolumeFiles target, Progress progress) {
        long sentBytes = 0;
        for (Map.Entry<String, Path> file : files.entrySet()) {
            sentBytes += target.put(file.getKey(), file.getValue()).sizeBytes();
            progress.showBytes(sentBytes, totalBytes);
        }
        return sentBytes;
    }

    /// Paths in the volume, in the order of sending.
    public List<String> paths() {
        return List.copyOf(files.keySet());
    }

    /// The local file of a path.
    public Path local(String path) {
        Path file = files.get(path);
        if (file == null) {
            throw QuernException.notFound("no upload of " + path);
        }
        return file;
    }

    int count() {
        return files.size();
    }

    /// Bytes of all files.
    public long totalBytes() {
        return totalBytes;
    }

    private static QuernException unreadable(Path path, IOException cause) {
        return new QuernException(
                ErrorKind.INVALID, "cannot read " + path + ": " + cause.getMessage(), cause);
    }
}
