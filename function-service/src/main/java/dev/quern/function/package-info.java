/// Functions and calls.
@NullMarked
package dev.quern.function;

import org.jspecify.annotations.NullMarked;
