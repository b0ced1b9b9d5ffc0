package dev.quern.vector;

import dev.quern.common.ByteSize;

/// Settings of the searches of a [CollectionService].
///
/// @param exactScanRows a dense leg compares every row in question when there are at most this
///   many; under a filter only where Lucene's graph serves, since fused graphs weigh what is
///   cheapest
/// @param filterCache sets of rows that match filters which come again, over all collections; 0:
///   off
/// @param sampledQueries dense queries of each vector field that an open collection remembers, to
///   compare their answers with exact ones when it is idle; 0: off
public record SearchConfig(int exactScanRows, ByteSize filterCache, int sampledQueries) {
    /// The most queries of one field.
    static final int MAX_SAMPLED_QUERIES = 1_024;

    /// Checks the values.
    public SearchConfig {
        CollectionConfig.atLeast("exact-scan-rows", exactScanRows, 0);
        CollectionConfig.atLeast("filter-cache in bytes", filterCache.bytes(), 0);
        Search.requireBetween("sampled-queries", sampledQueries, 0, MAX_SAMPLED_QUERIES);
    }

    /// Up to 4,000 rows compared, 32 MiB of filters, 64 queries.
    public static SearchConfig defaults() {
        return new SearchConfig(4_000, ByteSize.ofMebibytes(32), 64);
    }

    /// The same with another number of rows to compare.
    SearchConfig comparing(int rows) {
        return new SearchConfig(rows, filterCache, sampledQueries);
    }
}
