"""The C++ rules of our own code: rules_cc's, with our compiler flags."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//bazel:copts.bzl", "SIGNET_COPTS")

def signet_cc_library(copts = [], **kwargs):
    cc_library(
        copts = SIGNET_COPTS + copts,
        **kwargs
    )

def signet_cc_binary(copts = [], **kwargs):
    cc_binary(
        copts = SIGNET_COPTS + copts,
        **kwargs
    )

def signet_cc_test(copts = [], deps = [], size = "small", **kwargs):
    cc_test(
        size = size,
        copts = SIGNET_COPTS + copts,
        deps = deps + ["@com_google_googletest//:gtest_main"],
        **kwargs
    )

def signet_cc_benchmark(copts = [], deps = [], tags = [], **kwargs):
    """A benchmark: build it with --config=opt and run it by hand."""
    cc_binary(
        testonly = True,
        copts = SIGNET_COPTS + copts,
        tags = tags + [
            "benchmark",
            "manual",
        ],
        deps = deps + ["@com_github_google_benchmark//:benchmark_main"],
        **kwargs
    )
