# SPDX-License-Identifier: Apache-2.0
"""What the scripts that make tables of measurements share."""

import csv
import io
import subprocess
import sys

WIRE_OVERHEAD = 24  # bytes: preamble 8, FCS 4, gap 12


def measured(program, what, *options):
    """The first row of `PROGRAM measure WHAT OPTIONS...`, by its columns' names."""
    command = [program, "measure", what, *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: {result.stderr.strip()}")
    return next(csv.DictReader(io.StringIO(result.stdout)))
