#!/usr/bin/env python3
"""Tests check_compatibility.py."""

import unittest

import check_compatibility

_HEAD = "| rule | behaviour | source | test |\n|---|---|---|---|\n"
_FILES = {
    "core/x_test.cc": "TEST(XTest, Works) {\nTEST_F(YTest,\n       Wraps) {",
    "tools/x_test.py": "    def test_it(self):",
}


def problems(*rows):
    return check_compatibility.problems(
        check_compatibility.rows_of(_HEAD + "\n".join(rows)), _FILES.get
    )


class CheckCompatibilityTest(unittest.TestCase):
    def test_passes_a_test_that_exists(self):
        for test in [
            "[XTest.Works](../core/x_test.cc)",
            "[`XTest.Works`](../core/x_test.cc)",
            "[YTest.Wraps](../core/x_test.cc)",
            "[test_it](../tools/x_test.py)",
            "[XTest.Works](../core/x_test.cc), [test_it](../tools/x_test.py)",
            "none: by hand",
        ]:
            with self.subTest(test):
                self.assertEqual(problems("| A-1 | x | CM | %s |" % test), [])

    def test_finds_a_test_that_does_not_exist(self):
        for test, message in [
            ("[XTest.Work](../core/x_test.cc)", "has no test XTest.Work"),
            ("[XTest.Works](../core/y_test.cc)", "there is no core/y_test.cc"),
            ("[test_i](../tools/x_test.py)", "has no test test_i"),
            ("", "names no test"),
            ("tested by hand", "names no test"),
        ]:
            with self.subTest(test):
                found = problems("| A-1 | x | CM | %s |" % test)
                self.assertEqual(len(found), 1)
                self.assertIn("docs/compatibility.md:3: A-1", found[0])
                self.assertIn(message, found[0])

    def test_finds_a_rule_with_two_rows(self):
        row = "| A-1 | x | CM | none: y |"
        self.assertEqual(
            problems(row, row), ["docs/compatibility.md: A-1 has 2 rows"]
        )

    def test_a_bar_inside_code_does_not_end_a_cell(self):
        self.assertEqual(problems(r"| A-1 | `a\|b` | CM | none: y |"), [])

    def test_refuses_a_row_that_names_no_rule(self):
        with self.assertRaisesRegex(ValueError, "'first' is no rule"):
            problems("| first | x | CM | none: y |")

    def test_leaves_other_tables_alone(self):
        self.assertEqual(problems("", "| what | where |", "| x | y |"), [])

    def test_fix_names_the_tests_that_cite_a_rule(self):
        text = (
            "// SPEC A-1.\nTEST(XTest, Above) {\n}\n\n"
            'TEST_F(XTest, Inside) {\n  {"A-2 a row", 1},\n}\n'
            "TEST(XTest, A30cE6Named) {\n}\n"
            "TEST(XTest, Range) {  // C-7 to C-9\n}\n"
            "TEST(XTest, None) {  // UTF-8, SHA-1, P-256\n}\n"
        )
        for rule, want in [
            ("A-1", "[XTest.Above](../x_test.cc)"),
            ("A-2", "[XTest.Inside](../x_test.cc)"),
            ("A-30", "[XTest.A30cE6Named](../x_test.cc)"),
            ("E-6", "[XTest.A30cE6Named](../x_test.cc)"),
            ("C-8", "[XTest.Range](../x_test.cc)"),
            ("F-8", "none: old"),
        ]:
            with self.subTest(rule):
                self.assertEqual(
                    check_compatibility.fixed(
                        "text\n| %s | b | CM | none: old |\n" % rule,
                        [("x_test.cc", text)],
                    ),
                    "text\n| %s | b | CM | %s |\n" % (rule, want),
                )


if __name__ == "__main__":
    unittest.main()
