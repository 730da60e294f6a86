#!/usr/bin/env python3
"""Proves that every behaviour in docs/compatibility.md has the tests it names.

Each row of its tables is RULE | behaviour | source | tests. A test is a link,
[Suite.Name](../path/x_test.cc): that file must define that test. A row without
a test says why, in words that begin with "none:".

--fix writes the last column anew: the tests that cite the row's rule, in
themselves, in their names or in the comment above them.
"""

import argparse
import collections
import os
import re
import subprocess
import sys

_TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = "docs/compatibility.md"
MOST = 4  # Tests that --fix names in one row.

Row = collections.namedtuple("Row", "line rule test")

_RULE = re.compile(r"^[A-H]-\d+[a-z]?$")
_CITED = re.compile(r"\b([A-H])-(\d+)([a-z]?)\b(?: to \1-(\d+)\b)?")
_NAMED = re.compile(r"([A-H])(\d+)([a-z]?)")  # At the start of a test's name.
_LINK = re.compile(r"\[`?([^\]`]+)`?\]\(\.\./([^)]+)\)")
_TEST = re.compile(
    r"(?:^//[^\n]*\n)*^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*(\w+),\s*(\w+)\)",
    re.MULTILINE,
)


def cells_of(line):
    # A | inside `code` is written \|.
    return [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def rows_of(text):
    """The rows of the tables whose first column is headed "rule"."""
    rows = []
    in_table = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = cells_of(line) if line.startswith("|") else [""]
        if _RULE.match(cells[0]):
            rows.append(Row(number, cells[0], cells[-1]))
        elif in_table and cells[0] and not set(cells[0]) <= set(":-"):
            raise ValueError(
                "%s:%d: %r is no rule (such as A-12)"
                % (DOCUMENT, number, cells[0])
            )
        in_table = cells[0] == "rule" or (in_table and cells[0] != "")
    return rows


def tests_of(text):
    """The tests of a C++ file and the rules that each cites."""
    starts = list(_TEST.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    tests = []
    for match, end in zip(starts, ends):
        rules = set()
        for letter, first, suffix, last in _CITED.findall(
            text[match.start() : end]
        ):
            rules.add("%s-%s%s" % (letter, first, suffix))
            for number in range(int(first), int(last or 0) + 1):
                rules.add("%s-%d" % (letter, number))
        # A30cA36WritesTheKubeconfig: its name begins with the rules.
        rest = match.group(2)
        while named := _NAMED.match(rest):
            letter, number, suffix = named.groups()
            rules.add("%s-%s" % (letter, number))
            rules.add("%s-%s%s" % (letter, number, suffix))
            rest = rest[named.end() :]
        tests.append(("%s.%s" % match.groups(), rules))
    return tests


def defines(text, path, name):
    """Whether a test file's text defines a test of that name."""
    if path.endswith(".py"):
        return re.search(r"def %s\(" % re.escape(name), text) is not None
    return name in [test for test, _ in tests_of(text)]


def problems(rows, read):
    """A message for each row whose tests do not exist.

    read(path) returns a file's text, or None if there is no such file.
    """
    found = []
    for row in rows:
        where = "%s:%d: %s: " % (DOCUMENT, row.line, row.rule)
        links = _LINK.findall(row.test)
        if not links and not row.test.startswith("none:"):
            found.append(where + "names no test")
        for name, path in links:
            text = read(path)
            if text is None:
                found.append(where + "there is no " + path)
            elif not defines(text, path, name):
                found.append(where + "%s has no test %s" % (path, name))
    for rule, count in collections.Counter(row.rule for row in rows).items():
        if count > 1:
            found.append("%s: %s has %d rows" % (DOCUMENT, rule, count))
    return found


def fixed(document, files):
    """The document with its last column written anew.

    files: [(path, text)] of the C++ tests. A row whose rule no test cites keeps
    what it says.
    """
    citing = collections.defaultdict(list)
    for path, text in files:
        for name, rules in tests_of(text):
            for rule in rules:
                citing[rule].append("[%s](../%s)" % (name, path))
    lines = []
    for line in document.splitlines():
        cells = cells_of(line) if line.startswith("|") else [""]
        if citing.get(cells[0]):
            cells[-1] = ", ".join(citing[cells[0]][:MOST])
            line = "| %s |" % " | ".join(cells)
        lines.append(line)
    return "\n".join(lines) + "\n"


def read_file(path):
    try:
        with open(os.path.join(_TOP, path), encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def main(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--fix", action="store_true")
    options = parser.parse_args(argv)
    document = read_file(DOCUMENT)
    if options.fix:
        paths = subprocess.run(
            ["git", "ls-files", "--cached", "*_test.cc"],
            cwd=_TOP,
            check=True,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        ).stdout.split()
        texts = [(path, read_file(path)) for path in paths]
        document = fixed(document, [f for f in texts if f[1] is not None])
        path = os.path.join(_TOP, DOCUMENT)
        with open(path, "w", encoding="utf-8") as f:
            f.write(document)
    rows = rows_of(document)
    found = problems(rows, read_file)
    for message in found:
        print(message)
    if not found:
        tested = sum(1 for row in rows if _LINK.search(row.test))
        print("%d behaviours, %d with a test" % (len(rows), tested))
    return 1 if found or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
