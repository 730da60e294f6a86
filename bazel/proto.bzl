"""C++ from .proto files.

Not Bazel's cc_proto_library: that one runs the compiler in the host
configuration and so builds Abseil and protobuf twice.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

_ProtoInfo = provider(
    doc = "The .proto files of a library and of those that it imports.",
    fields = ["sources"],
)

# The generated files live in a folder of their own which users see as a system
# include path, so that their warnings are not ours. They are included by the
# .proto file's own path: #include "core/api/foo.pb.h".
_FOLDER = "_proto"

def _cc_proto_sources_impl(ctx):
    imported = depset(
        transitive = [dep[_ProtoInfo].sources for dep in ctx.attr.deps],
    )
    headers = []
    sources = []
    for src in ctx.files.srcs:
        stem = "%s/%s.pb" % (_FOLDER, src.short_path[:-len(".proto")])
        headers.append(ctx.actions.declare_file(stem + ".h"))
        sources.append(ctx.actions.declare_file(stem + ".cc"))

    args = ctx.actions.args()
    args.add("--proto_path=.")
    args.add("--cpp_out=%s/%s/%s" % (ctx.bin_dir.path, ctx.label.package, _FOLDER))
    args.add_all(ctx.files.srcs)
    ctx.actions.run(
        arguments = [args],
        # The compiler frees little of its memory, which is no leak.
        env = {"ASAN_OPTIONS": "detect_leaks=0"},
        executable = ctx.executable._protoc,
        inputs = depset(ctx.files.srcs, transitive = [imported]),
        mnemonic = "CcProto",
        outputs = headers + sources,
        progress_message = "Generating C++ of %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(
            headers = depset(headers),
            sources = depset(sources),
        ),
        _ProtoInfo(
            sources = depset(ctx.files.srcs, transitive = [imported]),
        ),
    ]

_cc_proto_sources = rule(
    implementation = _cc_proto_sources_impl,
    attrs = {
        "deps": attr.label_list(providers = [_ProtoInfo]),
        "srcs": attr.label_list(allow_files = [".proto"], mandatory = True),
        "_protoc": attr.label(
            cfg = "target",
            default = "@com_google_protobuf//:protoc",
            executable = True,
        ),
    },
)

def signet_cc_proto(name, srcs, deps = [], **kwargs):
    """A C++ library of .proto files.

    Args:
      name: the library's name.
      srcs: .proto files of this package.
      deps: the signet_cc_proto libraries whose files they import.
      **kwargs: visibility and the like, for the library.
    """
    files = name + "_files"
    visibility = kwargs.get("visibility")
    testonly = kwargs.get("testonly")
    _cc_proto_sources(
        name = files,
        srcs = srcs,
        testonly = testonly,
        visibility = visibility,
        deps = [_files_of(dep) for dep in deps],
    )
    for group in ["headers", "sources"]:
        native.filegroup(
            name = "%s_%s" % (name, group),
            srcs = [":" + files],
            output_group = group,
            testonly = testonly,
            visibility = ["//visibility:private"],
        )
    cc_library(
        name = name,
        srcs = [":%s_sources" % name],
        hdrs = [":%s_headers" % name],
        copts = ["-w"],
        includes = [_FOLDER],
        deps = deps + ["@com_google_protobuf//:protobuf"],
        **kwargs
    )

def _files_of(label):
    if ":" in label:
        return label + "_files"
    return "%s:%s_files" % (label, label.split("/")[-1])
