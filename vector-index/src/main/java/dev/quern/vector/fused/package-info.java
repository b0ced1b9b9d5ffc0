/// The fused graph.
@NullMarked
package dev.quern.vector.fused;

import org.jspecify.annotations.NullMarked;
