/// Composition root.
@NullMarked
package dev.quern.server;

import org.jspecify.annotations.NullMarked;
