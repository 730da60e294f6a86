#!/usr/bin/env python3
"""Tests check_layers.py: that it passes the good graph, and fails the bad."""

import contextlib
import io
import os
import tempfile
import unittest

import check_layers


def rule(name, uses=(), kind="cc_library", testonly=False):
    inputs = "".join('<rule-input name="%s"/>' % used for used in uses)
    mark = '<boolean name="testonly" value="true"/>' if testonly else ""
    return '<rule class="%s" name="%s">%s%s</rule>' % (
        kind,
        name,
        mark,
        inputs,
    )


class CheckLayersTest(unittest.TestCase):
    def check(self, *rules):
        """The exit status of the check of a graph, and what it prints."""
        with tempfile.TemporaryDirectory() as folder:
            graph = os.path.join(folder, "graph.xml")
            with open(graph, "w", encoding="utf-8") as f:
                f.write("<query>%s</query>" % "".join(rules))
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = check_layers.main(["--graph", graph])
        return status, out.getvalue()

    def assert_passes(self, *rules):
        status, out = self.check(*rules)
        self.assertEqual(status, 0, out)

    def assert_fails(self, message, *rules):
        status, out = self.check(*rules)
        self.assertEqual(status, 1, out)
        self.assertIn(message, out)

    def test_passes_downward_edges(self):
        self.assert_passes(
            rule("//core/base:clock"),
            rule("//core/pki:der", ["//core/base:clock", "@boringssl//:crypto"]),
            rule("//core/policy:approval", ["//core/pki:der"]),
            rule("//signer_service:main", ["//core/policy:approval"]),
            rule("//e2e:e2e_test", ["//signer_service:main"], "cc_test"),
        )

    def test_passes_edges_inside_a_package_and_a_layer(self):
        self.assert_passes(
            rule("//core/pki:der", ["//core/pki:oid", "//core/pki:der.cc"]),
            rule("//core/pki/internal:x", ["//core/pki:der"]),
        )

    def test_fails_an_upward_edge(self):
        self.assert_fails(
            "//core/pki:der -> //core/k8s:watch: core/pki may not use core/k8s",
            rule("//core/pki:der", ["//core/k8s:watch"]),
        )

    def test_fails_effects_that_use_decisions(self):
        for effect in ["controller", "http", "k8s", "sys"]:
            for decision in ["policy", "rotation"]:
                self.assert_fails(
                    "core/%s may not use core/%s" % (effect, decision),
                    rule(
                        "//core/%s:x" % effect,
                        ["//core/%s:y" % decision],
                    ),
                )

    def test_fails_one_program_that_uses_another(self):
        self.assert_fails(
            "cli may not use signer_service",
            rule("//cli:main", ["//signer_service:reconciler"]),
        )

    def test_fails_an_upward_edge_of_a_test(self):
        self.assert_fails(
            "core/rotation may not use core/sys",
            rule("//core/rotation:x_test", ["//core/sys:y"], "cc_test"),
        )

    def test_passes_fakes_in_tests_only(self):
        fake = ["//core/testing:fake_clock"]
        self.assert_passes(
            rule("//core/policy:x_test", fake, "cc_test"),
            rule("//core/policy:fixture", fake, testonly=True),
        )
        self.assert_fails(
            "core/policy may not use core/testing",
            rule("//core/policy:x", fake),
        )

    def test_fails_a_package_without_layer(self):
        self.assert_fails(
            "//core/pkix:x: its package is in no layer",
            rule("//core/pkix:x"),
        )
        self.assert_fails(
            "core/pki may not use None",
            rule("//core/pki:x", ["//other:y"]),
        )

    def test_fails_a_pure_library_that_reaches_io(self):
        self.assert_fails(
            "//core/policy:a -> //core/pki:b -> @boost//:beast must not do I/O",
            rule("//core/policy:a", ["//core/pki:b"]),
            rule("//core/pki:b", ["@boost//:beast"]),
        )

    def test_every_allowed_layer_is_in_the_table(self):
        for allowed in check_layers.ALLOWED.values():
            for layer in allowed:
                self.assertIn(layer, check_layers.ALLOWED)


if __name__ == "__main__":
    unittest.main()
