/// `quern demo`: the whole path on real input, each step verified. [dev.quern.cli.demo.DemoCommand]
/// is the command, [dev.quern.cli.demo.Demo] the steps in order.
@NullMarked
package dev.quern.cli.demo;

import org.jspecify.annotations.NullMarked;
