package dev.quern.http;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/// A vector as the wire records have it, without a box per number. Not copied: whoever makes one
/// gives the array away.
final class FloatList extends AbstractList<Float> implements RandomAccess {
    private final float[] values;

    FloatList(float[] values) {
        this.values = values;
    }

    static float[] toArray(List<Float> list) {
        if (list instanceof FloatList floats) {
            return floats.values;
        }
        float[] array = new float[list.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = list.get(i);
        }
        return array;
    }

    float[] values() {
        return values;
    }

    @Override
    public Float get(int index) {
        return values[index];
    }

    @Override
    public int size() {
        return values.length;
    }
}
