"""Fuzz targets: a test that replays the corpus, and a fuzzer to run by hand."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")
load("//bazel:cc.bzl", "signet_cc_library")

def signet_fuzz_test(name, srcs, corpus = [], deps = [], size = "small", **kwargs):
    """Declares a fuzz target, whose entry is LLVMFuzzerTestOneInput.

    NAME is a test that feeds it each file of the corpus, in every build.
    NAME_run is a libFuzzer binary: build it with --config=fuzz.

    Args:
      name: the test's name.
      srcs: sources of the fuzz target.
      corpus: files to replay, usually glob(["x_corpus/*"]).
      deps: libraries of the fuzz target.
      size: the test's size.
      **kwargs: tags and the like, for the test.
    """
    signet_cc_library(
        name = name + "_lib",
        srcs = srcs,
        testonly = True,
        visibility = ["//visibility:private"],
        deps = deps,
        alwayslink = True,
    )
    cc_test(
        name = name,
        size = size,
        args = ["$(location %s)" % f for f in corpus],
        data = corpus,
        deps = [
            ":%s_lib" % name,
            "//tools/fuzz:replay_main",
        ],
        **kwargs
    )
    cc_binary(
        name = name + "_run",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        visibility = ["//visibility:private"],
        deps = [":%s_lib" % name],
    )
