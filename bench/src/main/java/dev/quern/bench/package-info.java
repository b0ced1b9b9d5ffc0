/// Benchmarks, run by `./quern bench [NAME...] [--quick]`. [dev.quern.bench.Bench] is the main
/// class; each benchmark is a class that measures a real server process through the real client
/// and, in the same run and in turn, a peer; [dev.quern.bench.Results] prints a table and appends
/// JSON lines to `bench/results/NAME.jsonl`. A ratio above 1 always means that Quern is ahead.
@NullMarked
package dev.quern.bench;

import org.jspecify.annotations.NullMarked;
