"""The page about the study's tables is what the program says, and every figure of theirs is told as they have it."""

from __future__ import annotations

import unittest

import study
from program import ROOT


class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.found = study.statistics()

    def test_the_page_is_what_the_program_says(self) -> None:
        self.assertEqual((ROOT / "output" / "stats" / "STUDY.md").read_text(), study.page(self.found))

    def test_their_figures(self) -> None:
        for title, path, theirs in study.ALONE:
            self.assertEqual(theirs, study.at(self.found, path), title)
        for title, path, own, third in study.SELF_AND_THIRD:
            for manager, theirs in (("self", own), ("third-party", third)):
                if theirs is not None:
                    self.assertEqual(theirs, study.at(self.found, f"managed/{manager}/{path}"), title)
        told = {line["provider"]: line["domains"] for line in self.found["delegation"]}
        self.assertEqual(study.PROVIDERS, {name: told[name] for name in study.PROVIDERS})
        self.assertEqual(study.TLDS, {line["tld"]: line["deployed"] for line in self.found["tld"]})


if __name__ == "__main__":
    unittest.main()
