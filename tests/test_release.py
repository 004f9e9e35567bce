"""A release: one version, a changelog with dates, and no invented metadata."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import version

import pytest
from processes import ROOT

import aepromo

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)


def test_every_version_has_a_date_and_the_newest_comes_first() -> None:
    assert SECTIONS[0] == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\S+)", each) for each in SECTIONS[1:]]
    versions = [tuple(map(int, match.groups()[:3])) for match in found if match]
    days = [date.fromisoformat(match[4]) for match in found if match]
    assert len(versions) == len(SECTIONS) - 1
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_the_version_is_that_of_the_newest_section() -> None:
    assert SECTIONS[1].startswith(f"[{PROJECT['project']['version']}] ")


def test_the_version_is_in_one_place() -> None:
    text = PROJECT["project"]["version"]
    named = [
        str(path.relative_to(ROOT))
        for folder in ("aepromo", ".ci", ".github")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".toml", ".md", "") and path.is_file()
        if f'"{text}"' in path.read_text(encoding="utf-8")
    ]
    assert named == []


def test_the_package_looks_up_its_version_on_request() -> None:
    assert aepromo.__version__ == version("aepromo")
    with pytest.raises(AttributeError, match="has no attribute 'versoin'"):
        _ = aepromo.versoin
    code = "import aepromo, sys; assert 'importlib.metadata' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_no_licence_and_no_address_is_made_up() -> None:
    project = PROJECT["project"]
    assert not {"license", "license-files", "urls", "authors", "maintainers"} & project.keys()
    assert not [each for each in project["classifiers"] if each.startswith("License")]


def test_an_archive_holds_what_the_tests_need() -> None:
    wanted = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"aepromo", "tests", "examples", "CHANGELOG.md", "README.md", ".ci", ".github"} <= set(
        wanted
    )
    assert [name for name in wanted if not (ROOT / name).exists()] == []
