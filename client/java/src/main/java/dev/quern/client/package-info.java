/// Java SDK.
@NullMarked
package dev.quern.client;

import org.jspecify.annotations.NullMarked;
