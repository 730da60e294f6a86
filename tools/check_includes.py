#!/usr/bin/env python3
"""Checks what clang-format cannot: header guards, and how headers are named.

A guard is SIGNET_ and the header's path. Our own headers are included in
quotes, by their path from the top of the tree; x.cc and x_test.cc include x.h
first.
"""

import argparse
import os
import re
import subprocess
import sys

_INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
_GUARD = re.compile(r"#ifndef (\w+)\n#define (\w+)\n")


def guard_of(path):
    """core/pki/der.h -> SIGNET_CORE_PKI_DER_H_."""
    return "SIGNET_" + re.sub(r"\W", "_", path).upper() + "_"


def own_header_of(path):
    """The header that this source is the body or the test of."""
    return re.sub(r"(?:_test)?\.cc$", ".h", path)


def problems(path, text, paths, top):
    """Messages about one file; `paths` are all of ours, `top` their folders."""
    found = []
    if path.endswith(".h"):
        guard = _GUARD.search(text)
        if not guard or set(guard.groups()) != {guard_of(path)}:
            found.append("%s: its guard should be %s" % (path, guard_of(path)))
    includes = _INCLUDE.findall(text)
    for quote, name in includes:
        ours = name.split("/")[0] in top
        if quote == "<" and ours:
            found.append("%s: include our own %s in quotes" % (path, name))
        if quote == '"' and ours and not name.endswith(".pb.h"):
            if name not in paths:
                found.append("%s: there is no %s" % (path, name))
        if quote == '"' and "/" not in name:
            found.append(
                '%s: include "%s" by its path from the top, or in <>'
                % (path, name)
            )
    header = own_header_of(path)
    if path.endswith(".cc") and header in paths:
        if not includes or includes[0][1] != header:
            found.append("%s: include %s first" % (path, header))
    return found


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args(argv)
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        + ["*.cc", "*.h"],
        check=True,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    ).stdout.splitlines()
    paths = {path for path in listed if os.path.exists(path)}
    top = {path.split("/")[0] for path in paths}
    found = []
    for path in sorted(paths):
        with open(path, encoding="utf-8") as f:
            found += problems(path, f.read(), paths, top)
    for message in found:
        print(message)
    if not found:
        print("%d files: guards and includes in order" % len(paths))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
