package dev.quern.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The module graph of ARCHITECTURE.md, and the walls around third-party libraries.
@AnalyzeClasses(packages = "dev.quern", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    @ArchTest
    static final ArchRule layers =
            layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .layer("common")
                    .definedBy("dev.quern.common..")
                    .layer("storage")
                    .definedBy("dev.quern.storage..")
                    .layer("volume")
                    .definedBy("dev.quern.volume..")
                    .layer("vector")
                    .definedBy("dev.quern.vector..")
                    .layer("function")
                    .definedBy("dev.quern.function..")
                    .layer("embed")
                    .definedBy("dev.quern.embed..")
                    .layer("flight")
                    .definedBy("dev.quern.flight..")
                    .layer("http")
                    .definedBy("dev.quern.http..")
                    .layer("server")
                    .definedBy("dev.quern.server..")
                    .layer("client")
                    .definedBy("dev.quern.client..")
                    .layer("cli")
                    .definedBy("dev.quern.cli..")
                    .whereLayer("cli")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("server")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("client")
                    .mayOnlyBeAccessedByLayers("cli")
                    .whereLayer("http")
                    .mayOnlyBeAccessedByLayers("server")
                    .whereLayer("flight")
                    .mayOnlyBeAccessedByLayers("server")
                    .whereLayer("embed")
                    .mayOnlyBeAccessedByLayers("server", "http")
                    .whereLayer("function")
                    .mayOnlyBeAccessedByLayers("server", "http", "embed")
                    .whereLayer("vector")
                    .mayOnlyBeAccessedByLayers("server", "http", "flight", "embed")
                    .whereLayer("volume")
                    .mayOnlyBeAccessedByLayers("server", "http", "flight", "embed", "function")
                    .whereLayer("storage")
                    // Flight holds leases on mapped chunks while gRPC sends them.
                    .mayOnlyBeAccessedByLayers(
                            "server", "volume", "vector", "embed", "function", "flight");

    @ArchTest static final ArchRule lucene = only("org.apache.lucene..", "dev.quern.vector..");

    @ArchTest
    static final ArchRule simd = only("jdk.incubator.vector..", "dev.quern.vector.fused..");

    @ArchTest static final ArchRule rocksdb = only("org.rocksdb..", "dev.quern.storage..");

    @ArchTest
    static final ArchRule aws = only("software.amazon.awssdk..", "dev.quern.storage.s3..");

    @ArchTest static final ArchRule caffeine = only("com.github.benmanes..", "dev.quern.storage..");

    @ArchTest static final ArchRule onnx = only("ai.onnxruntime..", "dev.quern.embed..");

    @ArchTest static final ArchRule vertx = only("io.vertx..", "dev.quern.http..");

    @ArchTest
    static final ArchRule arrow =
            only("org.apache.arrow..", "dev.quern.flight..", "dev.quern.client.flight..");

    private static ArchRule only(String library, String... places) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(places)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .as("only " + String.join(", ", places) + " may use " + library);
    }
}
