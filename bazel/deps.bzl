"""Every dependency, locked: its registry, its version and its sha256."""

load("//tools/registry:registry.bzl", "registry_archive")

def _bazel_rules():
    # What Bazel 4.2 wants beside itself: Debian's packages of its rules, and
    # small stand-ins where Debian has none or an older one than our
    # dependencies' build files expect.
    for name, path in {
        "bazel_skylib": "/usr/share/bazel/tools/skylib",
        "platforms": "third_party/platforms_shim",
        "remote_coverage_tools": "third_party/coverage_shim",
        "rules_cc": "third_party/rules_cc_shim",
        "rules_java": "/usr/share/bazel/rules/java",
        "rules_proto": "/usr/share/bazel/rules/proto",
    }.items():
        native.local_repository(name = name, path = path)

# gRPC's source packages carry the set of Abseil, protobuf, RE2 and BoringSSL
# that gRPC tests together. Several repositories are cut from each.
_GRPCIO = {
    "package": "grpcio",
    "registry": "pypi",
    "sha256": "5f530287d5de5f7f66089ead81de44f6787162944dab3922efa65dfdff108a1d",
    "version": "1.85.1",
}

_GRPCIO_TOOLS = {
    "package": "grpcio-tools",
    "registry": "pypi",
    "sha256": "d6f1ee213a07de9462c90ee5debe4a78dff20306a0fb394a65d48b2f94fe31a1",
    "version": "1.85.1",
}

# buildifier: disable=unnamed-macro
def signet_dependencies():
    """Declares the external repositories."""
    _bazel_rules()

    registry_archive(
        name = "boringssl",
        build_file = "//third_party/boringssl:boringssl.BUILD",
        strip_prefix = "grpcio-1.85.1/third_party/boringssl-with-bazel",
        **_GRPCIO
    )

    registry_archive(
        name = "com_googlesource_code_re2",
        build_file = "//third_party/re2:re2.BUILD",
        strip_prefix = "grpcio-1.85.1/third_party/re2",
        **_GRPCIO
    )

    # Abseil's own build files are in this package only, not in grpcio's copy.
    registry_archive(
        name = "com_google_absl",
        keep_build_files = True,
        patches = ["//third_party/abseil:bazel4.patch"],
        repo_mapping = {
            "@google_benchmark": "@com_github_google_benchmark",
            "@googletest": "@com_google_googletest",
        },
        strip_prefix = "grpcio_tools-1.85.1/third_party/abseil-cpp",
        **_GRPCIO_TOOLS
    )

    registry_archive(
        name = "com_google_protobuf",
        build_file = "//third_party/protobuf:protobuf.BUILD",
        overlay = {
            "//third_party/protobuf:file_lists.bzl": "file_lists.bzl",
            "//third_party/protobuf:protoc_main.cc": "protoc_main.cc",
        },
        strip_prefix = "grpcio_tools-1.85.1/third_party/protobuf",
        **_GRPCIO_TOOLS
    )

    registry_archive(
        name = "boost",
        build_file = "//third_party/boost:boost.BUILD",
        overlay = {
            "//third_party/boost:boost_json_src.cc": "boost_json_src.cc",
            "//third_party/boost:boost_src.cc": "boost_src.cc",
            "//third_party/boost:libs.bzl": "libs.bzl",
        },
        package = "trixie/libboost1.88-dev",
        registry = "apt",
        sha256 = "4f9599afe8039a130320325e6bcb41b135f3c607ab678c643ae1ef29f411cada",
        strip_prefix = "usr/include",
        version = "1.88.0-1",
    )

    registry_archive(
        name = "cli11",
        archive_type = "tar.xz",
        build_file = "//third_party/cli11:cli11.BUILD",
        package = "trixie/cli11",
        registry = "apt-src",
        sha256 = "0b8fbf2398875f15f30a675c7f412123a2aaa38df2863e991de72004fd5f1292",
        strip_prefix = "CLI11-2.4.1",
        version = "2.4.1+ds-2",
    )

    registry_archive(
        name = "com_github_google_benchmark",
        build_file = "//third_party/benchmark:benchmark.BUILD",
        package = "trixie/benchmark",
        registry = "apt-src",
        sha256 = "32131c08ee31eeff2c8968d7e874f3cb648034377dfc32a4c377fa8796d84981",
        strip_prefix = "benchmark-1.9.1",
        version = "1.9.1-1",
    )

    registry_archive(
        name = "com_google_googletest",
        build_file = "//third_party/googletest:googletest.BUILD",
        package = "trixie/googletest",
        registry = "apt-src",
        sha256 = "2f54382b5d13d6cd0be2afc524f1e510d37f8ba78c2d439c5bea64ef37e30d01",
        strip_prefix = "googletest-1.16.0",
        version = "1.16.0-1",
    )

    registry_archive(
        name = "prometheus_cpp",
        build_file = "//third_party/prometheus_cpp:prometheus_cpp.BUILD",
        package = "trixie/prometheus-cpp",
        registry = "apt-src",
        sha256 = "65838fed64c4667140a574b78eb9f5c995bab80d575b082c9c677c6795c3c607",
        strip_prefix = "prometheus-cpp-1.0.2",
        version = "1.0.2-2",
    )

    # The SQLite amalgamation, as released, out of a package that carries it:
    # Debian's own sqlite3 source makes it with Tcl.
    registry_archive(
        name = "sqlite",
        build_file = "//third_party/sqlite:sqlite.BUILD",
        package = "trixie/r-cran-rsqlite",
        registry = "apt-src",
        sha256 = "d5eb457f839330e32b47cbea264d50fc70d349b0345cf238f07dfa797a12c084",
        strip_prefix = "RSQLite/src/vendor/sqlite3",
        version = "2.3.9-1",
    )

    registry_archive(
        name = "yaml_cpp",
        archive_type = "tar.xz",
        build_file = "//third_party/yaml_cpp:yaml_cpp.BUILD",
        package = "trixie/yaml-cpp",
        registry = "apt-src",
        sha256 = "32c85a5f36633a9005b20261b35fccb0d8ec69e9ef16c67de7d5d007944e3709",
        strip_prefix = "jbeder-yaml-cpp-f732014",
        version = "0.8.0+dfsg-7",
    )
