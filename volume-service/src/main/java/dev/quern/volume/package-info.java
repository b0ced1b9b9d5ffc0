/// Versioned file trees.
@NullMarked
package dev.quern.volume;

import org.jspecify.annotations.NullMarked;
