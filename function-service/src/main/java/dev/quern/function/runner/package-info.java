/// The process side of Java functions: what runs inside the sandbox. Uses the JDK and Jackson only,
/// and nothing of the rest of Quern. Entry type: [RunnerMain].
@NullMarked
package dev.quern.function.runner;

import org.jspecify.annotations.NullMarked;
