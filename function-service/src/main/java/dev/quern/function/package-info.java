/// Functions and calls: user code in sandboxed processes next to the bytes it reads.
///
/// Entry type: [FunctionService]. A function is a name with versioned deployments; a call is one
/// invocation of the version that was current when it was accepted. Code, inputs, outputs and logs
/// are chunks (small ones travel inside facts); artifacts, deployments, queued calls and finished
/// calls are facts; nothing else is kept, so that the work directory may be deleted at any time
/// while the service is stopped.
///
/// Invariants: an instance (a process in its sandbox) runs one call at a time and serves one
/// version of one function of one space; a call that was answered is durable; every process started
/// here is killed with its sandbox before its instance is forgotten.
///
/// Lock order: the engine's lock is the only one held while deciding; nothing blocks under it.
@NullMarked
package dev.quern.function;

import org.jspecify.annotations.NullMarked;
