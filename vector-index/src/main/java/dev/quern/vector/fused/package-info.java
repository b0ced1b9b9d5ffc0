/// The fused graph: a format of vectors in which one contiguous block holds all that a search needs
/// at a vertex. Entry type: [dev.quern.vector.fused.FusedVectorsFormat], where the bytes are
/// specified.
///
/// **The idea** is SymphonyQG's (Gou et al., SIGMOD 2025) with the codes of RaBitQ (Gao and Long,
/// SIGMOD 2024). A graph search spends its time waiting for memory: at each vertex it reads the
/// vectors of all neighbours, which lie anywhere. Here a vertex's block holds its own vector and a
/// one-bit code of each neighbour, so that a visit costs one sequential read, from which it gets
/// the exact distance to the vertex and estimates of those to its 32 neighbours. The exact
/// distances of all that is visited are known, so no pass of rescoring follows.
///
/// **The estimate.** Let v be the vertex, n a neighbour, r = n - v, all rotated at random once for
/// all ([Rotation]), s the signs of r in {-1, 1}, and f = |r|^2 / |r|_1. Then f <s, y> estimates
/// <r, y> without bias, exactly so for y = r, and with an error of about |r| |y| / sqrt(dims).
/// Taken at y = q - v, which is shorter than q:
///
/// - L2: |q - n|^2 = |q - v|^2 + |r|^2 - 2 <r, q - v>, about |q - v|^2 + (|r|^2 + 2 f <s, v>) - 2 f
///   <s, q>;
/// - inner product: -<q, n> = -<q, v> - <r, v> - <r, q - v>, about -<q, v> + (f <s, v> - <r, v>) -
///   f <s, q>.
///
/// Both are `exact + constant + factor * <s, q>`, with two floats a neighbour. Cosine is the inner
/// product of vectors of length 1. <s, q> comes from the query's coordinates rounded to 4 bits, as
/// XOR and bit counts of the code with four bit planes ([QueryCode]): with levels that are odd
/// multiples of one step, no number of set bits is needed, which the two papers store. The rotation
/// costs n log n: permutations, signs and Hadamard transforms. A block keeps the rotated vector,
/// since lengths and products are the same there, and a code is a difference of two blocks; scores
/// differ from those of the flat vectors by rounding only.
///
/// **Inner products that are not of unit vectors** have no metric, and edges chosen by them leave
/// most vertices without any. A build gives each vertex the extra coordinate that makes all equally
/// long, by which ranking by distance and by product are one; it needs one float a vertex while it
/// builds, and a search needs nothing ([Measure]).
///
/// **The search** ([Walk]) keeps a pool of the nearest by estimate, visits the first that is not
/// visited, and ends when all are. Without a filter it keeps all it knows, in no order
/// ([Frontier]), and ends at a limit that the nearest found so far set ([Nearest]). It starts at
/// the vertex nearest to the mean: with such cheap visits, levels above the graph cost more than
/// they save. With a filter, rejected vertices are walked through and the pool is wider; where few
/// pass, or the walk finds too few, the accepted ones are compared one by one ([GraphSearch]).
///
/// **The build** ([GraphBuilder]) is by the same search, so no other graph is built first. It gives
/// the same bytes on any number of threads.
///
/// **Speed.** Kernels: one for vectors of 512 bits, one for everything else, with the same results
/// to the last bit ([Kernel]). Blocks are copied to huge pages, within a bound ([HotMemory]). Hops
/// are bound by memory latency, not by arithmetic.
///
/// Threads: a reader is shared by all searches; each has a [Walk] of its own. Locks are never held
/// together: `GraphSearch.idleLock` for a moment, `HotBlocks.copying` for one slice of a copy, and
/// only by a search that finds it free.
@NullMarked
package dev.quern.vector.fused;

import org.jspecify.annotations.NullMarked;
