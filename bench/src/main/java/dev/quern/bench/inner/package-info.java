/// Benchmarks of single parts inside one JVM, run by JMH. [dev.quern.bench.StoreBench] starts them
/// and reports their figures.
@NullMarked
package dev.quern.bench.inner;

import org.jspecify.annotations.NullMarked;
