# SPDX-License-Identifier: Apache-2.0
"""The files of the tree that checks look at."""

import pathlib
import subprocess

LAYERS = ("formats", "hw_model", "firmware", "host_driver", "stack", "testbench")


def tracked(root: pathlib.Path) -> list[pathlib.Path]:
    """Tracked files and new ones that are not ignored; without git, all that are not hidden or built."""
    try:
        listing = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode()
        paths = [root / name for name in listing.split("\0") if name]
    except (subprocess.CalledProcessError, FileNotFoundError):
        skipped = {"build", "out"}
        paths = [path for path in root.rglob("*")
                 if not any(part.startswith(".") or part in skipped or part.startswith("build-")
                            for part in path.relative_to(root).parts)]
    return sorted(path for path in paths if path.is_file())
