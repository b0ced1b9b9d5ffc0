/// Tests of volume-service. Random ones print their seed; `-Dquern.test.seed=N` repeats a run.
@NullMarked
package dev.quern.volume;

import org.jspecify.annotations.NullMarked;
