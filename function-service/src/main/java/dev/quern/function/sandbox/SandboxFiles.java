package dev.quern.function.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// Small files that sandboxes need, written at start.
final class SandboxFiles {
    private static final String USERS =
            "root:x:0:0:root:/:/bin/sh\nquern:x:65534:65534:quern:/tmp:/bin/sh\n";
    private static final String GROUPS = "root:x:0:\nquern:x:65534:\n";
    private static final String HOSTS = "127.0.0.1 localhost quern\n::1 localhost\n";
    private static final String NAMES = "passwd: files\ngroup: files\nhosts: files\n";

    private SandboxFiles() {}

    /// The few files of `/etc` that programs look for, without anything of this machine in them.
    static List<Bind> settings(Path directory) throws IOException {
        Path etc = Files.createDirectories(directory.resolve("etc"));
        return List.of(
                new Bind(write(etc.resolve("passwd"), USERS), "/etc/passwd"),
                new Bind(write(etc.resolve("group"), GROUPS), "/etc/group"),
                new Bind(write(etc.resolve("hosts"), HOSTS), "/etc/hosts"),
                new Bind(write(etc.resolve("nsswitch.conf"), NAMES), "/etc/nsswitch.conf"));
    }

    static Path script(Path directory) throws IOException {
        return write(directory.resolve("sandbox.sh"), Sandbox.resource("sandbox.sh"));
    }

    static Path emptyRoot(Path directory) throws IOException {
        return Files.createDirectories(directory.resolve("root"));
    }

    private static Path write(Path file, String text) throws IOException {
        Files.writeString(file, text);
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        }
        return file;
    }
}
