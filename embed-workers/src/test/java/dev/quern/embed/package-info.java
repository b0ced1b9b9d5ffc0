/// Tests of the embedding module.
@NullMarked
package dev.quern.embed;

import org.jspecify.annotations.NullMarked;
