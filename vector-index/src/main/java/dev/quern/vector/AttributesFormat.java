package dev.quern.vector;

import dev.quern.storage.MetaLog;
import java.util.Map;
import java.util.TreeMap;

/// The value of the fact that types a collection's attributes: u8 version (1); count, then for each
/// attribute in ascending name order: name string, u8 type as in [RowFormat].
final class AttributesFormat {
    private static final int VERSION = 1;

    private AttributesFormat() {}

    static byte[] encode(AttributeTypes types) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.count(types.types().size());
        for (Map.Entry<String, AttributeType> entry : new TreeMap<>(types.types()).entrySet()) {
            out.utf8(entry.getKey());
            out.u8(entry.getValue().code());
        }
        return out.toBytes();
    }

    static AttributeTypes decode(MetaLog.Fact fact) {
        FrameInput in = new FrameInput("attributes fact", fact.value());
        in.version(VERSION);
        TreeMap<String, AttributeType> types = new TreeMap<>();
        for (int left = in.count(2); left > 0; left--) {
            String name = in.utf8();
            int code = in.u8();
            if (!types.isEmpty() && types.lastKey().compareTo(name) >= 0) {
                throw in.corrupt("has names out of order");
            }
            types.put(
                    name,
                    AttributeType.find(code)
                            .orElseThrow(() -> in.corrupt("has attribute type " + code)));
        }
        in.end();
        return new AttributeTypes(fact.version(), types);
    }
}
