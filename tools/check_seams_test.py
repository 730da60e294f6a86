#!/usr/bin/env python3
"""Tests check_seams.py."""

import unittest

import check_seams


def uses(line, path="core/policy/x.cc"):
    return [(u.line, u.seam) for u in check_seams.uses_in(path, line)]


class CheckSeamsTest(unittest.TestCase):
    def test_finds_direct_uses(self):
        for seam, line in [
            ("clock", "auto t = absl::Now();"),
            ("clock", "std::chrono::system_clock::now();"),
            ("clock", "return time(nullptr);"),
            ("environment", 'std::getenv("HOME")'),
            ("files", 'int fd = open("x", O_RDONLY);'),
            ("files", 'int fd = ::open("x", O_RDONLY);'),
            ("files", 'std::ifstream in("x");'),
            ("files", "std::filesystem::path p;"),
            ("files", 'if (FILE* f = std::fopen("x", "r"))'),
            ("randomness", "RAND_bytes(out, 16);"),
            ("randomness", "std::random_device device;"),
            ("keys", "EC_KEY_generate_key(key)"),
            ("keys", "auto key = pki::PrivateKey::Generate(algorithm);"),
            ("sleep", "absl::SleepFor(absl::Seconds(1));"),
            ("sleep", "std::this_thread::sleep_for(1s);"),
        ]:
            with self.subTest(line):
                self.assertEqual(uses(line), [(1, seam)])

    def test_passes_what_only_looks_like_one(self):
        for line in [
            "// Not absl::Now(): the caller knows the time.",
            "/* getenv( */ int x;",
            'Fail("open(path) failed");',
            'Log(R"(absl::Now())");',
            "files.open(path);",
            "files->open(path);",
            "const std::vector<int> open(begin, end);",
            "const Sleeper& sleep_until",
            "absl::StatusOr<int> reopen(int fd);",
            "const absl::Time not_time(absl::Time time);",
            "clock.TimeNow();",
            "std::chrono::steady_clock::now();",
        ]:
            with self.subTest(line):
                self.assertEqual(uses(line), [])

    def test_keeps_line_numbers_behind_comments(self):
        self.assertEqual(uses("/* a\n b */\nabsl::Now();"), [(3, "clock")])

    def test_passes_the_real_sides(self):
        for path in [
            "core/sys/system_clock.cc",
            "core/testing/fake_clock.cc",
            "cli/main.cc",
            "tools/fuzz/replay_main.cc",
        ]:
            with self.subTest(path):
                self.assertEqual(uses("absl::Now();", path), [])

    def test_reports_what_is_not_allowed(self):
        found = check_seams.uses_in("core/policy/x.cc", "absl::Now();")
        self.assertEqual(
            check_seams.problems(found, []),
            ["core/policy/x.cc:1: absl::Now: take the clock as an argument"],
        )

    def test_an_allowance_covers_its_path_and_seam(self):
        found = check_seams.uses_in("e2e/x.cc", "absl::Now();")
        allowed = check_seams.read_allowed("# c\n\ne2e/* clock  real time\n")
        self.assertEqual(check_seams.problems(found, allowed), [])
        other = check_seams.read_allowed("e2e/* sleep real time")
        self.assertEqual(len(check_seams.problems(found, other)), 2)

    def test_reports_an_allowance_that_nothing_needs(self):
        allowed = check_seams.read_allowed("core/x.cc clock because")
        self.assertEqual(
            check_seams.problems([], allowed),
            ["allow-list: core/x.cc does not need clock: remove the line"],
        )

    def test_an_allowance_needs_a_reason(self):
        with self.assertRaisesRegex(ValueError, "line 2"):
            check_seams.read_allowed("\ncore/x.cc clock")
        with self.assertRaisesRegex(ValueError, "line 1"):
            check_seams.read_allowed("core/x.cc weather because")


if __name__ == "__main__":
    unittest.main()
