#!/usr/bin/env python3
"""Draws a sample of a ranked list (rank,name lines): the same names every time.

  datasets/sample.py FULL.csv [SHARE] > SAMPLE.csv      SHARE of the names, 0.08 unless told

A name is drawn when the CRC-32 of "stscan sample NAME" modulo 1,000,000 is under SHARE times
1,000,000, so that a sample of a smaller share is part of one of a larger.
"""

import sys
import zlib


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    limit = int(float(sys.argv[2] if len(sys.argv) == 3 else "0.08") * 1_000_000)
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            name = line.strip().rsplit(",", 1)[-1]
            if zlib.crc32(f"stscan sample {name}".encode()) % 1_000_000 < limit:
                print(line.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
