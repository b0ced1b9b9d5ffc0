package dev.quern.function.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What a sandbox sees of this machine's files.
///
/// @param binds read-only binds, parents before what lies in them
/// @param links symbolic links of the root directory, such as `/bin` to `usr/bin`
record SandboxView(List<Bind> binds, List<Link> links) {
    /// A symbolic link inside.
    record Link(String target, String path) {}

    private static final List<String> TREES =
            List.of("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32");
    private static final List<String> SETTINGS =
            List.of("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime");

    /// The system directories of this machine, and `own` files put over `/etc`.
    static SandboxView system(List<Bind> own) {
        List<Bind> binds = new ArrayList<>(own);
        List<Link> links = new ArrayList<>();
        for (String tree : TREES) {
            Path path = Path.of(tree);
            if (Files.isSymbolicLink(path)) {
                links.add(new Link(readLink(path), tree));
            } else if (Files.isDirectory(path)) {
                binds.add(Bind.same(path));
            }
        }
        for (String setting : SETTINGS) {
            if (Files.exists(Path.of(setting))) {
                binds.add(Bind.same(Path.of(setting)));
            }
        }
        // Debian's JDKs keep their configuration here, behind links from the JDK's own folder.
        try (DirectoryStream<Path> folders =
                Files.newDirectoryStream(Path.of("/etc"), "java-*-openjdk")) {
            folders.forEach(folder -> binds.add(Bind.same(folder)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new SandboxView(sorted(binds), List.copyOf(links));
    }

    /// This view and more binds. A bind that is visible at its own path already is left out.
    SandboxView with(List<Bind> more) {
        List<Bind> all = new ArrayList<>(binds);
        for (Bind bind : more) {
            boolean same = bind.source().toString().equals(bind.target());
            if (!same || all.stream().noneMatch(b -> shows(b, bind.source()))) {
                all.add(bind);
            }
        }
        return new SandboxView(sorted(all), links);
    }

    private static boolean shows(Bind bind, Path path) {
        return bind.source().toString().equals(bind.target()) && path.startsWith(bind.source());
    }

    private static List<Bind> sorted(List<Bind> binds) {
        return binds.stream().sorted(Comparator.comparing(Bind::target)).toList();
    }

    private static String readLink(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
