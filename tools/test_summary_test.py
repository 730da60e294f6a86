#!/usr/bin/env python3
"""Tests test_summary.py."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import test_summary

GOOGLETEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" name="AllTests">
  <testsuite name="A">
    <testcase name="passes" status="run" result="completed" />
    <testcase name="fails" status="run" result="completed">
      <failure message="m" type=""></failure>
      <failure message="n" type=""></failure>
    </testcase>
    <testcase name="skips" status="run" result="skipped">
      <skipped message="s" />
    </testcase>
    <testcase name="DISABLED_it" status="notrun" result="suppressed" />
  </testsuite>
</testsuites>"""
ONE = '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>'


def configured(label, *tags):
    return {
        "id": {"targetConfigured": {"label": label}},
        "configured": {"testSize": "SMALL", "tag": list(tags)},
    }


def result(label, status="PASSED", uri="file:///one.xml", shard=1):
    return {
        "id": {"testResult": {"label": label, "run": 1, "shard": shard}},
        "testResult": {
            "status": status,
            "testActionOutput": [{"name": "test.xml", "uri": uri}],
        },
    }


class CountTest(unittest.TestCase):
    def count(self, *events, xml=ONE):
        counts = test_summary.count_run(
            events,
            lambda tags: "e2e" if "e2e" in tags else "unit",
            lambda uri: xml,
        )
        return {suite: str(count) for suite, count in counts.items()}

    def test_counts_googletest_cases(self):
        self.assertEqual(
            str(test_summary.count_cases(GOOGLETEST)),
            "1 passed, 1 failed, 2 skipped",
        )

    def test_sorts_into_suites_by_tag(self):
        self.assertEqual(
            self.count(
                configured("//a:t"),
                configured("//a:u"),
                configured("//e:t", "e2e", "exclusive"),
                result("//a:t"),
                result("//a:u"),
                result("//e:t"),
            ),
            {
                "unit": "2 passed, 0 failed, 0 skipped",
                "e2e": "1 passed, 0 failed, 0 skipped",
            },
        )

    def test_adds_shards_and_takes_the_last_attempt(self):
        self.assertEqual(
            self.count(
                configured("//a:t"),
                result("//a:t", shard=1, status="FAILED"),
                result("//a:t", shard=1),
                result("//a:t", shard=2),
            ),
            {"unit": "2 passed, 0 failed, 0 skipped"},
        )

    def test_counts_a_target_that_did_not_build_as_failed(self):
        self.assertEqual(
            self.count(configured("//a:t")),
            {"unit": "0 passed, 1 failed, 0 skipped"},
        )

    def test_counts_a_crash_as_failed(self):
        for status, xml in [("FAILED", ONE), ("TIMEOUT", "<testsuites><te")]:
            failed = self.count(
                configured("//a:t"), result("//a:t", status), xml=xml
            )
            self.assertIn("1 failed", failed["unit"])

    def test_counts_a_program_without_cases_as_one(self):
        self.assertEqual(
            self.count(
                configured("//a:t"), result("//a:t"), xml="<testsuites/>"
            ),
            {"unit": "1 passed, 0 failed, 0 skipped"},
        )


class MainTest(unittest.TestCase):
    def run_main(self, *events):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events")
            with open(path, "w", encoding="utf-8") as f:
                f.writelines(json.dumps(event) + "\n" for event in events)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = test_summary.main([path, "--tagged=e2e=embedded"])
        return status, out.getvalue().splitlines()

    def test_passes_when_each_suite_passed(self):
        status, lines = self.run_main(
            configured("//a:t"),
            result("//a:t"),
            configured("//e:t", "e2e"),
            result("//e:t"),
        )
        self.assertEqual(status, 0)
        self.assertEqual(
            lines,
            [
                "unit: 1 passed, 0 failed, 0 skipped",
                "embedded: 1 passed, 0 failed, 0 skipped",
            ],
        )

    def test_fails_when_a_suite_ran_nothing(self):
        status, lines = self.run_main(configured("//a:t"), result("//a:t"))
        self.assertEqual(status, 1)
        self.assertEqual(lines[1], "embedded: 0 passed, 0 failed, 0 skipped")

    def test_fails_without_any_event(self):
        self.assertEqual(self.run_main()[0], 1)


if __name__ == "__main__":
    unittest.main()
