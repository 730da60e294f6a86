#!/usr/bin/env python3
"""Proves that our code takes the outside world through its seams.

Time, randomness, files and the environment come in as arguments, so that each
decision can be tested with chosen ones. The real ones are made in core/sys and
in main files only; seams_allowed.txt lists the other places, with reasons.
"""

import argparse
import collections
import fnmatch
import os
import re
import subprocess
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))

# Files that may use anything: the seams' real sides, and the fakes.
EXEMPT = ["core/sys/*", "core/testing/*", "*main.cc"]

# A call of a free function: not of a method or of a namespace's own, nor a
# variable's declaration, "Type<X> open(...)".
_FREE = r"(?<![\w.>:])(?<!> )(?:::|std::)?"

SEAMS = {
    "clock": [
        r"absl::Now\b",
        r"absl::RealClock\b",
        r"\bsystem_clock\b",
        r"\bCLOCK_REALTIME\b",
        _FREE + r"(?:time|gettimeofday)\(",
    ],
    "environment": [
        r"\b(?:secure_)?getenv\(",
        r"\benviron\b",
    ],
    "files": [
        _FREE + r"(?:open|openat|creat|fopen|freopen|mkstemp)\(",
        r"\bstd::[io]?fstream\b",
        r"\bstd::filesystem\b",
        r"\bBIO_new_file\b",
    ],
    "keys": [
        r"\b(?:EC_KEY_generate_key|RSA_generate_key_ex|ED25519_keypair)\b",
        r"\bEVP_PKEY_(?:keygen|generate_from_alg)\b",
        r"\bPrivateKey::Generate\b",
    ],
    "randomness": [
        r"\bRAND_\w*bytes\b",
        r"\brandom_device\b",
        r"\babsl::(?:Insecure)?BitGen\b",
        r"\babsl::MakeSeedSeq\b",
        _FREE + r"(?:rand|random|getentropy|getrandom)\(",
    ],
    "sleep": [
        r"\babsl::SleepFor\b",
        r"\bthis_thread::sleep_",
        _FREE + r"(?:sleep|usleep|nanosleep)\(",
    ],
}
_PATTERNS = {
    name: re.compile("|".join(patterns)) for name, patterns in SEAMS.items()
}

Allowed = collections.namedtuple("Allowed", "path seam reason")
Use = collections.namedtuple("Use", "path line seam text")

_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | R"(\w*)\(.*?\)\1" | "(?:\\.|[^"\\\n])*" """,
    re.DOTALL | re.VERBOSE,
)


def code_of(text):
    """The text with comments and strings blanked, each line in its place."""
    return _COMMENT_OR_STRING.sub(
        lambda match: re.sub(r"[^\n]", " ", match.group()), text
    )


def uses_in(path, text):
    """The places of a file that use the outside world directly."""
    if any(fnmatch.fnmatch(path, pattern) for pattern in EXEMPT):
        return []
    return [
        Use(path, number, seam, match.group())
        for number, line in enumerate(code_of(text).splitlines(), 1)
        for seam, pattern in _PATTERNS.items()
        for match in pattern.finditer(line)
    ]


def read_allowed(text):
    """The allow-list: PATH SEAM REASON in each line, # starts a comment."""
    allowed = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        fields = line.split(None, 2)
        if len(fields) != 3 or fields[1] not in SEAMS:
            raise ValueError(
                "allow-list line %d: not PATH SEAM REASON" % number
            )
        allowed.append(Allowed(*fields))
    return allowed


def problems(uses, allowed):
    """A message for each use not allowed and for each allowance not used."""
    needed = set()
    found = []
    for use in uses:
        by = [
            entry
            for entry in allowed
            if entry.seam == use.seam and fnmatch.fnmatch(use.path, entry.path)
        ]
        needed.update(by)
        if not by:
            found.append(
                "%s:%d: %s: take the %s as an argument"
                % (use.path, use.line, use.text, use.seam)
            )
    for entry in allowed:
        if entry not in needed:
            found.append(
                "allow-list: %s does not need %s: remove the line"
                % (entry.path, entry.seam)
            )
    return found


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args(argv)
    os.chdir(os.path.dirname(_HERE))
    with open(os.path.join(_HERE, "seams_allowed.txt"), encoding="utf-8") as f:
        allowed = read_allowed(f.read())
    paths = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        + ["*.cc", "*.h"],
        check=True,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    ).stdout.splitlines()
    uses = []
    for path in paths:
        if os.path.exists(path):  # Not one that is about to be deleted.
            with open(path, encoding="utf-8") as f:
                uses += uses_in(path, f.read())
    found = problems(uses, allowed)
    for message in found:
        print(message)
    if not found:
        print("%d files: all through the seams" % len(paths))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
