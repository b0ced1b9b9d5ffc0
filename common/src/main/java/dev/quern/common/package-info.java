/// Values that every module shares: error kinds, ids and names, byte sizes, authentication. The
/// wire records of the REST API are in [dev.quern.common.wire]. Depends on nothing but the JDK.
@NullMarked
package dev.quern.common;

import org.jspecify.annotations.NullMarked;
