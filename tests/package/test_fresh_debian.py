#!/usr/bin/env python3
"""The package on a fresh Debian of each version: made there with its libraries, installed, used, upgraded, removed
and purged by test_package.py; and the container image, built over the first and used without root.

usage: test_fresh_debian.py [SUITE ...]   (bookworm trixie)

Needs root, debootstrap, a Debian mirror, and buildah for the image. Runs for minutes: a part of scripts/test-long.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
MIRROR = os.environ.get("STSCAN_DEBIAN_MIRROR", "http://deb.debian.org/debian")
SUITES = sys.argv[1:] or ["bookworm", "trixie"]
BASE = "docker.io/library/debian:12-slim"  # as the Containerfile names it
IMAGE_MAX = 40 * 1024 * 1024  # beyond its base
HEAVY = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists")


def run(*command: object, **more: object) -> str:
    done = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}"
    return str(done.stdout)


def strap(folder: Path, suite: str) -> Path:
    root = folder / suite
    run("debootstrap", "--variant=minbase", suite, root, MIRROR)
    return root


def inside(root: Path, script: str) -> str:
    """In a mount namespace of its own: what is mounted is gone with it."""
    mounts = f"mount --bind /dev {root}/dev; mount -t proc proc {root}/proc"
    return run("unshare", "--mount", "sh", "-euc", f"{mounts}; exec chroot {root} sh -euc \"$0\"", script)


def make_image(folder: Path) -> tuple[str, Path]:
    """The container image of scripts/package, over a base made here, and the folder of that base."""
    (folder / "image").mkdir()
    root = strap(folder / "image", "bookworm")
    for heavy in HEAVY:
        shutil.rmtree(root / heavy, ignore_errors=True)
    base = run("buildah", "from", "--isolation", "chroot", "scratch").strip()
    run("buildah", "add", base, root, "/")
    run("buildah", "commit", "-q", base, BASE)
    run("buildah", "rm", base)
    options = "--isolation chroot --network host --pull-never"
    made = run(SOURCE / "scripts" / "package", folder, env={**os.environ, "STSCAN_IMAGE_OPTIONS": options})
    image = made.split()[-1]
    assert re.match(r"stscan:\d", image), made[-1000:]
    return image, root


class FreshDebian(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-debian.")))

    def test_package(self) -> None:
        for suite in SUITES:
            with self.subTest(suite):
                root = strap(self.folder, suite)
                (root / "source").mkdir()
                run("sh", "-c", f"git -C '{SOURCE}' archive HEAD | tar -x -C '{root}/source'")
                out = inside(root, "cd /source; scripts/deps package; apt-get install -y -qq --no-install-recommends "
                             "python3 man-db >/dev/null; python3 tests/package/test_package.py /source")
                self.assertRegex(out, r"\nOK\n")
                print(suite, re.search(r"Ran \d+ tests in \S+", out)[0])  # type: ignore[index]

    @unittest.skipUnless(shutil.which("buildah"), "buildah is not installed")
    def test_image(self) -> None:
        image, root = make_image(self.folder)
        container = run("buildah", "from", "--pull-never", image).strip()
        self.addCleanup(run, "buildah", "rmi", "-f", image)
        self.addCleanup(run, "buildah", "rm", container)
        into = ("buildah", "run", "--isolation", "chroot", container, "--")
        self.assertIn("stscan", run(*into, "/usr/bin/stscan", "--version"))
        self.assertEqual("65534", run(*into, "id", "-u").strip())
        run(*into, "/usr/bin/stscan", "lint", "--record", "v=STSv1; id=1;")
        told = run("buildah", "inspect", "--type", "image", "--format",
                   "{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.User}} {{.OCIv1.Config.StopSignal}}", image)
        self.assertEqual("[/usr/bin/stscan] 65534:65534 SIGTERM", told.strip())
        mounted = Path(run("buildah", "mount", container).strip())
        kib = int(run("du", "-skx", mounted).split()[0]) - int(run("du", "-skx", root).split()[0])
        print(f"image: {kib / 1024:.1f} MiB beyond its base")
        self.assertLess(kib * 1024, IMAGE_MAX)


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("test_fresh_debian.py needs root and debootstrap")
    unittest.main(argv=sys.argv[:1], verbosity=2)
