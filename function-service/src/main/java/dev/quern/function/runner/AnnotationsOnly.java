package dev.quern.function.runner;

/// Parent of the user's class loader: the JDK, and the one Jackson package by which user types say
/// how they are bound. Everything else that the runner uses stays out of the user's sight, so that
/// a jar may bring its own version of it.
final class AnnotationsOnly extends ClassLoader {
    private static final String SHARED = "com.fasterxml.jackson.annotation.";

    AnnotationsOnly() {
        super(ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        if (!name.startsWith(SHARED)) {
            throw new ClassNotFoundException(name);
        }
        return Class.forName(name, false, RunnerMain.class.getClassLoader());
    }
}
