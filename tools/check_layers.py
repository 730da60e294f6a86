#!/usr/bin/env python3
"""Proves that the layers of the code depend on each other in one direction.

Reads the graph of targets from `bazel query` (or, with --graph, from a file
that holds its XML) and fails, naming the edge, where a package uses one that
its layer may not use, or where a pure layer reaches a library that does I/O.
"""

import argparse
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

# Layer: the layers that it may use beside itself. A layer is the longest of
# these prefixes of a package's path.
_VALUES = ["core/base", "core/pki", "core/api"]
_CORE = _VALUES + [
    "core/controller",
    "core/http",
    "core/k8s",
    "core/policy",
    "core/rotation",
    "core/sys",
]
# Long-running programs share flags, health and the controller's wiring.
_SERVICE = _CORE + ["core/service"]
_PROGRAMS = ["approver_service", "cli", "node_agent", "signer_service"]
ALLOWED = {
    "core/base": [],
    "core/pki": ["core/base"],
    "core/api": ["core/base"],
    "core/policy": _VALUES,
    "core/rotation": _VALUES,
    "core/http": ["core/base", "core/pki"],
    "core/k8s": _VALUES + ["core/http"],
    "core/sys": _VALUES + ["core/http"],
    "core/controller": _VALUES,
    "core/service": _CORE,
    "core/testing": _CORE,
    "approver_service": _SERVICE + ["deploy"],  # Examples, as its tests' data.
    "cli": _CORE,
    "node_agent": _SERVICE,
    "signer_service": _SERVICE + ["deploy"],
    "deploy": [],
    "tools": _CORE,
    # A program that runs for long, too.
    "tools/apiserver": _SERVICE,
    "e2e": _CORE
    + _PROGRAMS
    + ["core/testing", "deploy", "tools", "tools/apiserver"],
    # Build files that every package may load from.
    "bazel": [],
    "third_party": [],
}
FOR_ALL = ["bazel"]

# What only a target marked testonly may use, in every layer.
FOR_TESTS = ["core/testing", "tools/fuzz"]

# These decide, so that their libraries must not reach, by any path, what
# talks to a network, a disk or a user.
PURE = ["core/base", "core/pki", "core/api", "core/policy", "core/rotation"]
IMPURE = [
    "@boost//:beast",
    "@boringssl//:ssl",
    "@cli11//:cli11",
    "@prometheus_cpp//:core",
    "@sqlite//:sqlite",
]


def package_of(label):
    """The package of a target of ours, None for an external one."""
    return label[2:].split(":")[0] if label.startswith("//") else None


def layer_of(package):
    """The layer of a package, None if the table does not have it."""
    found = [
        name for name in ALLOWED if (package + "/").startswith(name + "/")
    ]
    return max(found, key=len, default=None)


class Target:
    """A rule: its label, whether it is for tests, and what it uses."""

    def __init__(self, label, testonly, uses):
        self.label = label
        self.testonly = testonly
        self.uses = uses


def read_graph(xml):
    """The targets in the XML of `bazel query`, by label."""
    targets = {}
    for rule in ElementTree.fromstring(xml).iter("rule"):
        testonly = any(
            element.get("name") == "testonly"
            and element.get("value") == "true"
            for element in rule.iter("boolean")
        ) or rule.get("class", "").endswith("_test")
        targets[rule.get("name")] = Target(
            rule.get("name"),
            testonly,
            [element.get("name") for element in rule.iter("rule-input")],
        )
    return targets


def wrong_edges(targets):
    """A message for each edge from one layer to one that it may not use."""
    wrong = []
    for target in targets.values():
        package = package_of(target.label)
        if not package:  # The root package holds no code.
            continue
        layer = layer_of(package)
        if layer is None:
            wrong.append("%s: its package is in no layer" % target.label)
            continue
        for used in target.uses:
            used_package = package_of(used)
            if not used_package or used_package == package:
                continue
            used_layer = layer_of(used_package)
            if used_layer in ALLOWED[layer] + FOR_ALL + [layer]:
                continue
            if target.testonly and any(
                (used_package + "/").startswith(prefix + "/")
                for prefix in FOR_TESTS
            ):
                continue
            wrong.append(
                "%s -> %s: %s may not use %s"
                % (target.label, used, layer, used_layer)
            )
    return wrong


def impure_paths(targets):
    """A message for each pure library that reaches what does I/O."""
    wrong = []
    for target in targets.values():
        package = package_of(target.label)
        if not package or target.testonly or layer_of(package) not in PURE:
            continue
        came_from = {target.label: None}
        queue = [target.label]
        for label in queue:
            if label in IMPURE:
                path = []
                while label:
                    path.insert(0, label)
                    label = came_from[label]
                wrong.append("%s must not do I/O" % " -> ".join(path))
                break
            for used in targets[label].uses if label in targets else []:
                if used not in came_from:
                    came_from[used] = label
                    queue.append(used)
    return wrong


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", help="XML of the graph, instead of a query")
    options = parser.parse_args(argv)
    if options.graph:
        with open(options.graph, encoding="utf-8") as f:
            xml = f.read()
    else:
        xml = subprocess.run(
            ["bazel", "query", "--noimplicit_deps", "--output=xml", "//..."]
            + ["--noshow_progress", "--ui_event_filters=-info"],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    targets = read_graph(xml)
    wrong = wrong_edges(targets) + impure_paths(targets)
    for message in sorted(wrong):
        print(message)
    if not wrong:
        print("%d targets: no edge against the layers" % len(targets))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
