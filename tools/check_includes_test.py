#!/usr/bin/env python3
"""Tests check_includes.py."""

import unittest

import check_includes

PATHS = {"core/pki/der.h", "core/pki/oid.h"}


def problems(path, text):
    return check_includes.problems(path, text, PATHS, {"core"})


class CheckIncludesTest(unittest.TestCase):
    def test_passes_a_good_header(self):
        guard = "SIGNET_CORE_PKI_DER_H_"
        text = "#ifndef %s\n#define %s\n\n#include <string>\n" % (guard, guard)
        self.assertEqual(problems("core/pki/der.h", text), [])

    def test_reports_a_wrong_guard(self):
        for text in ["", "#pragma once\n", "#ifndef DER_H\n#define DER_H\n"]:
            self.assertEqual(
                problems("core/pki/der.h", text),
                ["core/pki/der.h: its guard should be SIGNET_CORE_PKI_DER_H_"],
            )

    def test_passes_a_good_source(self):
        text = (
            '#include "core/pki/der.h"\n\n#include <string>\n\n'
            '#include "absl/strings/str_cat.h"\n'
            '#include "core/api/x.pb.h"\n#include "core/pki/oid.h"\n'
        )
        for path in ["core/pki/der.cc", "core/pki/der_test.cc"]:
            self.assertEqual(problems(path, text), [])

    def test_reports_wrong_includes(self):
        for text, message in [
            ("#include <core/pki/oid.h>\n", "core/pki/oid.h in quotes"),
            ('#include "core/pki/gone.h"\n', "there is no core/pki/gone.h"),
            ('#include "oid.h"\n', 'include "oid.h" by its path'),
        ]:
            found = problems("core/pki/x.cc", text)
            self.assertEqual(len(found), 1, found)
            self.assertIn(message, found[0])

    def test_reports_an_own_header_that_is_not_first(self):
        self.assertEqual(
            problems(
                "core/pki/der.cc",
                '#include <string>\n#include "core/pki/der.h"\n',
            ),
            ["core/pki/der.cc: include core/pki/der.h first"],
        )


if __name__ == "__main__":
    unittest.main()
