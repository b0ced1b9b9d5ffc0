/// Collections on Lucene.
@NullMarked
package dev.quern.vector;

import org.jspecify.annotations.NullMarked;
