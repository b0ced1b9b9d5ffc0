/// The `quern` command: [dev.quern.cli.Quern] is its main class. Each group of verbs is one class;
/// all of them but `serve` and `demo` only translate between the terminal and the Java client.
/// Results go to stdout (text, or JSON with `--json`), everything else to stderr. The demo is in
/// [dev.quern.cli.demo].
@NullMarked
package dev.quern.cli;

import org.jspecify.annotations.NullMarked;
