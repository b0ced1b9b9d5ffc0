package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.wire.PatchRows;
import dev.quern.common.wire.RowBody;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What Jackson does not check of a record that it has read: components without `@Nullable` must be
/// there, lists and maps must not hold null, and numbers in untyped values must be finite.
final class RecordCheck {
    private static final ClassValue<List<Field>> FIELDS =
            new ClassValue<>() {
                @Override
                protected List<Field> computeValue(Class<?> type) {
                    List<Field> fields = new ArrayList<>();
                    for (RecordComponent component : type.getRecordComponents()) {
                        if (!component.getType().isPrimitive()) {
                            fields.add(Field.of(component));
                        }
                    }
                    return List.copyOf(fields);
                }
            };

    private RecordCheck() {}

    private record Field(
            RecordComponent component,
            String name,
            boolean required,
            boolean untyped,
            boolean untypedValues) {
        static Field of(RecordComponent component) {
            component.getAccessor().setAccessible(true);
            return new Field(
                    component,
                    wireName(component.getName()),
                    !component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                    component.getType() == Object.class,
                    component.getGenericType() instanceof ParameterizedType type
                            && List.of(type.getActualTypeArguments()).getLast() == Object.class);
        }

        @Nullable Object of(Record value) {
            try {
                return component.getAccessor().invoke(value);
            } catch (ReflectiveOperationException e) {
                throw QuernException.internal("cannot read " + component, e);
            }
        }
    }

    /// @throws QuernException `INVALID` naming the field by its path, such as `rows[3].id`
    static void requireComplete(Record value) {
        check(value, "");
    }

    /// The snake_case name that a component has on the wire.
    static String wireName(String component) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            if (Character.isUpperCase(c)) {
                name.append('_').append(Character.toLowerCase(c));
            } else {
                name.append(c);
            }
        }
        return name.toString();
    }

    private static void check(Record value, String path) {
        for (Field field : FIELDS.get(value.getClass())) {
            Object component = field.of(value);
            String at = path + field.name;
            if (component == null) {
                if (field.required) {
                    throw QuernException.invalid("missing required field '" + at + "'");
                }
            } else {
                if (component instanceof Map<?, ?> map && takesNulls(value)) {
                    checkMembers(map, at, true, field.untypedValues);
                } else if (field.untypedValues && component instanceof Map<?, ?> map) {
                    checkMembers(map, at, false, true);
                } else {
                    checkValue(component, at, field.untyped);
                }
            }
        }
    }

    /// A null in a patch removes a field; in other rows the reader refuses it.
    private static boolean takesNulls(Record value) {
        return value instanceof RowBody || value instanceof PatchRows;
    }

    private static void checkValue(Object value, String path, boolean untyped) {
        switch (value) {
            case Record record -> check(record, path + ".");
            case FloatList _ -> {
                // Finite by the way it was read.
            }
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    checkElement(Optional.ofNullable(list.get(i)), path, i, untyped);
                }
            }
            case Map<?, ?> map -> checkMembers(map, path, untyped, untyped);
            case Double number when !Double.isFinite(number) ->
                    throw QuernException.invalid("'" + path + "' must be a finite number");
            default -> {
                // A scalar: its type was checked when it was read.
            }
        }
    }

    /// @param untyped whether a member may be null
    /// @param untypedValues whether what is in a member may
    private static void checkMembers(
            Map<?, ?> map, String path, boolean untyped, boolean untypedValues) {
        map.forEach((key, element) -> {
            String at = path + "." + Names.abbreviate(key.toString());
            if (element != null) {
                checkValue(element, at, untypedValues);
            } else if (!untyped) {
                throw QuernException.invalid("'" + at + "' must not be null");
            }
        });
    }

    private static void checkElement(
            Optional<? extends Object> element, String path, int index, boolean untyped) {
        if (element.isPresent()) {
            if (!(element.get() instanceof String)) {
                checkValue(element.get(), path + "[" + index + "]", untyped);
            }
        } else if (!untyped) {
            throw QuernException.invalid("'" + path + "[" + index + "]' must not be null");
        }
    }
}
