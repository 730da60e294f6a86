"""Repositories made of locked packages, fetched by the registries' clients."""

_SUFFIX = {
    "apt": "deb",
    "apt-src": "tar.gz",
    "pypi": "tar.gz",
}

def _run(ctx, args, what, timeout = 600):
    got = ctx.execute(args, timeout = timeout, quiet = True)
    if got.return_code:
        fail("%s failed:\n%s%s" % (what, got.stdout, got.stderr))

def _get_archive(ctx, archive):
    attr = ctx.attr

    # With no address to download from, Bazel looks into its repository cache
    # only, by sha256: on a hit no client runs and no network is needed.
    hit = ctx.download(
        allow_fail = True,
        output = archive,
        sha256 = attr.sha256,
        url = [],
    )
    if hit.success:
        return

    staged = "_staged" + archive
    _run(
        ctx,
        [
            "bash",
            ctx.path(attr._fetch),
            attr.registry,
            attr.package,
            attr.version,
            ctx.path(staged),
        ],
        "fetching %s %s (%s)" % (attr.package, attr.version, attr.registry),
    )

    # The lock: a mismatch stops the build. It also fills the cache.
    ctx.download(
        output = archive,
        sha256 = attr.sha256,
        url = ["file://" + str(ctx.path(staged))],
    )
    ctx.delete(staged)

def _registry_archive_impl(ctx):
    attr = ctx.attr

    # Resolve the labels first: Bazel restarts this function on a new one.
    labels = [attr._fetch] + attr._pip_stub + attr.patches + attr.overlay.keys()
    if attr.build_file:
        labels = labels + [attr.build_file]
    for label in labels:
        ctx.path(label)

    archive = "_archive." + (attr.archive_type or _SUFFIX[attr.registry])
    _get_archive(ctx, archive)
    if attr.registry == "apt":
        _run(ctx, ["dpkg-deb", "-x", archive, "_deb"], "unpacking")
        _run(
            ctx,
            ["bash", "-c", 'mv _deb/"$1"/* . && rm -rf _deb', "_", attr.strip_prefix],
            "unpacking",
        )
    else:
        ctx.extract(archive, stripPrefix = attr.strip_prefix)
    ctx.delete(archive)

    if not attr.keep_build_files:
        _run(
            ctx,
            ["find", ".", "-type", "f", "(", "-name", "BUILD", "-o", "-name", "BUILD.bazel", ")", "-delete"],
            "removing build files",
        )
    if attr.build_file:
        ctx.delete("BUILD.bazel")
        ctx.symlink(attr.build_file, "BUILD.bazel")
    for label, path in attr.overlay.items():
        ctx.delete(path)
        ctx.symlink(label, path)
    for patch in attr.patches:
        ctx.patch(patch, strip = 1)
    ctx.delete("MODULE.bazel")
    ctx.delete("WORKSPACE.bazel")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

registry_archive = repository_rule(
    implementation = _registry_archive_impl,
    attrs = {
        "archive_type": attr.string(
            doc = "The archive's extension, where it is not the registry's usual one.",
        ),
        "build_file": attr.label(allow_single_file = True),
        "keep_build_files": attr.bool(
            doc = "Keep the package's own build files.",
        ),
        "overlay": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Files of ours, and where in the repository to put them.",
        ),
        "package": attr.string(
            doc = "The package's name; for Debian's registries SUITE/NAME.",
            mandatory = True,
        ),
        "patches": attr.label_list(allow_files = True),
        "registry": attr.string(mandatory = True, values = _SUFFIX.keys()),
        "sha256": attr.string(mandatory = True),
        "strip_prefix": attr.string(
            doc = "The folder of the archive that becomes the repository.",
        ),
        "version": attr.string(mandatory = True),
        "_fetch": attr.label(
            allow_single_file = True,
            default = "//tools/registry:fetch.sh",
        ),
        "_pip_stub": attr.label_list(
            allow_files = True,
            default = [
                "//tools/registry:pip_stub/setuptools/__init__.py",
                "//tools/registry:pip_stub/setuptools/build_meta.py",
            ],
        ),
    },
    doc = "A repository made of one locked package.",
)
