"""Compiler flags of our own code: its warnings are errors."""

SIGNET_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wextra-semi",
    "-Wimplicit-fallthrough",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wshadow",
    "-Wthread-safety",
    "-Wunused",
    # A designated initializer leaves the other fields at their defaults; that is
    # what it is for.
    "-Wno-missing-designated-field-initializers",
    "-fstack-protector-strong",
    # Abseil's headers come in by -iquote, where warnings would be ours. Those
    # of the other libraries come in by -isystem.
    "--system-header-prefix=absl/",
] + select({
    "//bazel:optimised": [
        "-U_FORTIFY_SOURCE",
        "-D_FORTIFY_SOURCE=2",
    ],
    "//conditions:default": [],
})
