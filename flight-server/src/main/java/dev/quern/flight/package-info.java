/// Arrow Flight: bulk bytes and rows.
@NullMarked
package dev.quern.flight;

import org.jspecify.annotations.NullMarked;
