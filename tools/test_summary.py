#!/usr/bin/env python3
"""Counts the test cases of a Bazel run, and prints a closing line.

Reads the run's build events (--build_event_json_file) and the test.xml that
they point at. A test program that did not build, crashed, timed out or wrote no
results counts as one failed case. Fails if a case failed, or a suite ran none.
"""

import argparse
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree


class Count:
    """How many cases passed, failed and were skipped."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed = passed
        self.failed = failed
        self.skipped = skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return "%d passed, %d failed, %d skipped" % (
            self.passed,
            self.failed,
            self.skipped,
        )


def count_cases(xml):
    """The Count of one test.xml."""
    count = Count()
    for case in ElementTree.fromstring(xml).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            count.failed += 1
        elif "skipped" in kinds or case.get("status") == "notrun":
            count.skipped += 1
        else:
            count.passed += 1
    return count


def _read_uri(uri):
    with open(urllib.parse.urlparse(uri).path, encoding="utf-8") as f:
        return f.read()


def count_run(events, suite_of, read_uri=_read_uri):
    """The Counts of a run by suite.

    Args:
      events: the decoded build events.
      suite_of: from a test's tags to the name of its suite.
      read_uri: reads a file that an event points at.
    """
    suites = {}  # Label: suite.
    results = {}  # Label: {(run, shard): testResult of the last attempt}.
    for event in events:
        key = event["id"]
        if "targetConfigured" in key and "testSize" in event.get(
            "configured", {}
        ):
            label = key["targetConfigured"]["label"]
            suites[label] = suite_of(event["configured"].get("tag", []))
        if "testResult" in key and "testResult" in event:
            part = key["testResult"]
            results.setdefault(part["label"], {})[
                part.get("run", 1), part.get("shard", 1)
            ] = event["testResult"]

    counts = {}
    for label, suite in suites.items():
        count = counts.setdefault(suite, Count())
        if label not in results:
            count.add(Count(failed=1))
        for result in results.get(label, {}).values():
            count.add(_count_result(result, read_uri))
    return counts


def _count_result(result, read_uri):
    passed = result.get("status") in ("PASSED", "FLAKY")
    cases = Count()
    for output in result.get("testActionOutput", []):
        if output.get("name") == "test.xml":
            try:
                cases = count_cases(read_uri(output["uri"]))
            except (ElementTree.ParseError, OSError):
                pass  # Cut off, or never written.
    if passed and not cases.passed + cases.failed + cases.skipped:
        return Count(passed=1)  # No framework: the program is the case.
    if not passed and not cases.failed:
        cases.failed = 1
    return cases


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", help="file of --build_event_json_file")
    parser.add_argument("--suite", default="unit", help="name of the suite")
    parser.add_argument(
        "--tagged",
        metavar="TAG=NAME",
        action="append",
        default=[],
        help="the suite NAME has the tests with this tag",
    )
    options = parser.parse_args(argv)
    tagged = [option.split("=", 1) for option in options.tagged]

    def suite_of(tags):
        return next(
            (name for tag, name in tagged if tag in tags), options.suite
        )

    with open(options.events, encoding="utf-8") as f:
        events = [json.loads(line) for line in f if line.strip()]
    counts = count_run(events, suite_of)
    good = True
    for suite in [options.suite] + [name for _, name in tagged]:
        count = counts.get(suite, Count())
        print("%s: %s" % (suite, count))
        good = good and count.passed and not count.failed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
