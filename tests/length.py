#!/usr/bin/env python3
"""Counts the lines of every function: none over the budget.

usage: length.py CTAGS SOURCE_DIR
       length.py CTAGS --self-test
"""

import subprocess
import sys
import tempfile
from pathlib import Path

LINES_MAX = 60
FOLDERS = ["output", "scanner", "scripts", "bench", "tests"]


def read_functions(ctags, root, folders):
    """(path, line, name, length) of every function, from its name to its brace."""
    command = [ctags, "-x", "--recurse", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
               "--_xformat=%F:%n %N %{end}", *folders]
    listing = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    for row in listing.stdout.splitlines():
        place, name, end = row.rsplit(" ", 2)
        path, line = place.rsplit(":", 1)
        yield path, int(line), name, int(end) - int(line) + 1


def judge(ctags, root, folders):
    functions = list(read_functions(ctags, root, folders))
    faults = [f"{path}:{line}: {name} has {length} lines, over {LINES_MAX}"
              for path, line, name, length in functions if length > LINES_MAX]
    return faults if functions else ["there are no functions"]


def function_of(lines):
    return "static int\nlong_one(void) {\n" + "\n" * (lines - 2) + "}\n"


def test_itself(ctags):
    """Below, at and over the budget; and nothing to count."""
    faults = []
    for lines, heard in ((LINES_MAX - 1, 0), (LINES_MAX, 0), (LINES_MAX + 1, 1), (0, 1)):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.c").write_text(function_of(lines) if lines else "\n")
            found = judge(ctags, folder, ["."])
            if len(found) != heard:
                faults.append(f"planted {lines} lines: heard {found}")
    return faults


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    ctags, root = arguments
    faults = test_itself(ctags) if root == "--self-test" else judge(ctags, root, FOLDERS)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
