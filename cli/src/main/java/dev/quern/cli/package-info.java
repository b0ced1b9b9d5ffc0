/// The quern command.
@NullMarked
package dev.quern.cli;

import org.jspecify.annotations.NullMarked;
