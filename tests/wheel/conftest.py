"""The wheel, built once, and an environment that has it installed on top of the packages that the tests run with."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from support import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``pip install .`` installs. Built by the pinned backend, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ["--no-index", "--no-build-isolation", "--no-deps", "--no-cache-dir"]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of a new virtual environment: the wheel is its own, the other packages are the tests' ones."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    into = ["--no-index", "--no-deps", "--no-cache-dir", "--target", str(site_packages)]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *into, str(wheel)], check=True)
    others = tmp_path_factory.mktemp("others")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith("meta_insights"):
            (others / path.name).symlink_to(path)
    (site_packages / "of_the_tests.pth").write_text(f"{others}\n", encoding="utf-8")
    return folder / "bin" / "python"
