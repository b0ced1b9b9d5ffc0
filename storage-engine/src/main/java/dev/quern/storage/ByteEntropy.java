package dev.quern.storage;

/// How evenly byte values are spread: the cheap test that spares incompressible bytes the try of a
/// compressor.
final class ByteEntropy {
    private static final int PLANES = 4;
    private static final double LN_2 = Math.log(2);

    private ByteEntropy() {}

    /// Bits a byte, 0 to about 8, of the most regular of the four planes that every fourth byte
    /// makes: the exponents of floats show in theirs. Corrected for small samples (Miller and
    /// Madow), so that random bytes give 8.
    static double bitsPerByte(byte[] sample) {
        int[] counts = new int[PLANES << 8];
        for (int i = 0; i < sample.length; i++) {
            counts[((i % PLANES) << 8) | (sample[i] & 0xff)]++;
        }
        double least = 8;
        for (int plane = 0; plane < PLANES; plane++) {
            least = Math.min(least, plane(counts, plane << 8, sample.length / PLANES));
        }
        return least;
    }

    private static double plane(int[] counts, int from, int total) {
        if (total == 0) {
            return 0;
        }
        double sum = 0;
        int values = 0;
        for (int i = from; i < from + 256; i++) {
            if (counts[i] > 0) {
                sum += counts[i] * Math.log(counts[i]);
                values++;
            }
        }
        double nats = Math.log(total) - sum / total + (values - 1) / (2.0 * total);
        return nats / LN_2;
    }
}
