package dev.quern.vector;

import dev.quern.common.QuernException;

/// What vectors a collection takes, and the form in which they are indexed.
final class Vectors {
    /// Beyond this the sum of 16,384 products would leave the range of a float.
    private static final float MAX_MAGNITUDE = 1e16f;

    /// Above what rounding its numbers to floats does to the length of a vector, 2^-24.
    private static final double UNIT_TOLERANCE = 0x1p-23;

    private Vectors() {}

    /// The vector as it is indexed and searched with: of length 1 under cosine, else itself.
    ///
    /// @param what names the vector in errors
    /// @param name of the field
    /// @throws QuernException `INVALID` for the wrong number of dimensions (naming both), for NaN,
    ///   infinity or a magnitude over 1e16 (naming the position), for a zero vector under cosine
    static float[] admit(String what, String name, float[] vector, VectorField field) {
        if (vector.length != field.dims()) {
            throw QuernException.invalid(
                    what
                            + " has "
                            + vector.length
                            + " dims, field \""
                            + name
                            + "\" has "
                            + field.dims());
        }
        double squares = squares(vector);
        boolean cosine = field.metric() == Metric.COSINE;
        // No sum of squares of floats is infinite, and none is smaller than one of them.
        if (!Double.isFinite(squares) || (!cosine && squares > MAX_MAGNITUDE)) {
            requireFinite(what, vector, cosine);
        }
        return cosine ? unit(what, vector, Math.sqrt(squares)) : vector;
    }

    /// The sum of the squares. Four sums, as an addition waits for the one before.
    private static double squares(float[] vector) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < vector.length; i += 4) {
            a += (double) vector[i] * vector[i];
            b += (double) vector[i + 1] * vector[i + 1];
            c += (double) vector[i + 2] * vector[i + 2];
            d += (double) vector[i + 3] * vector[i + 3];
        }
        for (; i < vector.length; i++) {
            a += (double) vector[i] * vector[i];
        }
        return a + b + (c + d);
    }

    private static void requireFinite(String what, float[] vector, boolean cosine) {
        for (int i = 0; i < vector.length; i++) {
            float value = vector[i];
            boolean bounded = cosine || Math.abs(value) <= MAX_MAGNITUDE;
            if (!Float.isFinite(value) || !bounded) {
                throw QuernException.invalid(
                        what
                                + " must hold finite numbers"
                                + (bounded ? "" : " of at most 1e16")
                                + ", got "
                                + value
                                + " at position "
                                + i);
            }
        }
    }

    /// What this gave stays itself, bit by bit, so that exported rows can be written again.
    private static float[] unit(String what, float[] vector, double length) {
        if (length == 0) {
            throw QuernException.invalid(
                    what + " is zero, which has no direction to compare by cosine");
        }
        if (Math.abs(length - 1) <= UNIT_TOLERANCE) {
            return vector;
        }
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (vector[i] / length);
        }
        return unit;
    }
}
