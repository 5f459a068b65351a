#!/usr/bin/env python3
"""The manifests hold against Kubernetes' own types (npm: kubernetes-types, by the TypeScript compiler), and an error
planted in them is found. Skipped where there is no npm registry."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "scripts" / "cluster"
PACKAGES = ("kubernetes-types@1.30", "typescript@5", "yaml@2")
SKIPPED = 77
# What is replaced, by what; each must make the compiler fail.
PLANTED = {
    "job.yaml": (
        ("completionMode: Indexed", "completionMod: Indexed"),
        ("parallelism: 4", "parallelism: four"),
        ("backoffLimitPerIndex: 100", "backoffLimitPerIndexes: 100"),
        ("podReplacementPolicy: Failed", "podReplacementPolicies: Failed"),
        ("onExitCodes: {containerName: scan, operator: In, values: [1, 2]}", "onExitCodes: {containerName: scan, values: [1, 2]}"),
        ("values: [1, 2]", 'values: ["1", "2"]'),
        ("runAsNonRoot: true", 'runAsNonRoot: "true"'),
        ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"),
        ("capabilities: {drop: [ALL]}", "capabilities: {drop: ALL}"),
        ("mountPath: /lists", "path: /lists"),
        ("terminationGracePeriodSeconds: 30", "terminationGracePeriod: 30"),
        ("command: [/bin/sh, -euc]", "command: /bin/sh"),
    ),
    "gather.yaml": (("backoffLimit: 2", "backoffLimits: 2"), ("emptyDir: {}", "emptyDirs: {}"),
                    ("args: [stats", "arguments: [stats")),
}


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-kubernetes.")))
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", cls.folder, *PACKAGES],
                              capture_output=True, timeout=300, check=False)
        if done.returncode:
            raise unittest.SkipTest("there is no npm registry")

    def source(self, text):
        script = Path(__file__).with_name("manifest.mjs")
        return subprocess.run(["node", script, self.folder], input=text, text=True, capture_output=True, check=True,
                              timeout=60).stdout

    def errors(self, texts):
        """The compiler's, by the name of each text."""
        for name, text in texts.items():
            (self.folder / f"{name}.ts").write_text(self.source(text))
        compiler = self.folder / "node_modules" / ".bin" / "tsc"
        done = subprocess.run([compiler, "--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck",
                               *(f"{name}.ts" for name in texts)],
                              cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        return {name: [line for line in done.stdout.splitlines() if line.startswith(f"{name}.ts(")] for name in texts}

    def test_they_are_what_kubernetes_takes(self):
        texts = {path.stem: path.read_text() for path in CLUSTER.glob("*.yaml")}
        self.assertEqual({"job", "gather"}, set(texts))
        for name, errors in self.errors(texts).items():
            self.assertEqual([], errors, name)

    def test_planted_errors_are_found(self):
        texts = {}
        for file, changes in PLANTED.items():
            text = (CLUSTER / file).read_text()
            for i, (old, new) in enumerate(changes):
                self.assertIn(old, text)
                texts[f"{Path(file).stem}{i}"] = text.replace(old, new)
        for name, errors in self.errors(texts).items():
            self.assertTrue(errors, name)

    def test_shards_and_ceilings_agree(self):
        text = (CLUSTER / "job.yaml").read_text()
        self.assertIn("completions: 16", text)
        self.assertIn('{name: SHARDS, value: "16"}', text)
        self.assertIn("parallelism: 4", text)
        self.assertIn("--at-once 4", text)


if __name__ == "__main__":
    if not shutil.which("npm"):
        print("skipped: npm is not there")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
