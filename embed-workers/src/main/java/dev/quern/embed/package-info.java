/// Models, text chunkers, indexes in step with volumes.
@NullMarked
package dev.quern.embed;

import org.jspecify.annotations.NullMarked;
