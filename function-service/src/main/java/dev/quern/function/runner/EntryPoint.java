package dev.quern.function.runner;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The method that `package.Class::method` means: public, the only one of its name, static or of an
/// instance made by the public constructor without parameters. The class is initialised once.
final class EntryPoint {
    private final Method method;
    private final @Nullable Object target;

    private EntryPoint(Method method, @Nullable Object target) {
        this.method = method;
        this.target = target;
    }

    /// Loads class and method from a jar.
    ///
    /// @throws InvocationTargetException if the constructor throws
    /// @throws ReflectiveOperationException naming what is missing
    // The class loader lives as long as this process.
    @SuppressWarnings("MustBeClosedChecker")
    static EntryPoint load(Path jar, String entry)
            throws IOException, ReflectiveOperationException {
        String[] parts = entry.split("::", 2);
        URLClassLoader loader =
                new URLClassLoader(new URL[] {jar.toUri().toURL()}, new AnnotationsOnly());
        Thread.currentThread().setContextClassLoader(loader);
        Class<?> type;
        try {
            type = Class.forName(parts[0], true, loader);
        } catch (ClassNotFoundException e) {
            throw new ClassNotFoundException("class " + parts[0] + " is not in the jar", e);
        }
        Method method = find(type, parts[1]);
        if (!Modifier.isPublic(type.getModifiers())) {
            method.setAccessible(true);
        }
        boolean isStatic = Modifier.isStatic(method.getModifiers());
        return new EntryPoint(method, isStatic ? null : instance(type));
    }

    private static Method find(Class<?> type, String name) throws NoSuchMethodException {
        List<Method> found = new ArrayList<>();
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && !method.isBridge()) {
                found.add(method);
            }
        }
        if (found.isEmpty()) {
            throw new NoSuchMethodException(
                    "class " + type.getName() + " has no public method " + name);
        }
        if (found.size() > 1) {
            throw new NoSuchMethodException(
                    "class "
                            + type.getName()
                            + " has "
                            + found.size()
                            + " public methods "
                            + name
                            + ", one is needed");
        }
        return found.getFirst();
    }

    private static Object instance(Class<?> type) throws ReflectiveOperationException {
        try {
            return type.getConstructor().newInstance();
        } catch (NoSuchMethodException e) {
            throw new NoSuchMethodException(
                    "class "
                            + type.getName()
                            + " needs a public constructor without parameters, or a static method");
        }
    }

    Method method() {
        return method;
    }

    @Nullable Object invoke(@Nullable Object[] arguments)
            throws IllegalAccessException, InvocationTargetException {
        return method.invoke(target, arguments);
    }
}
