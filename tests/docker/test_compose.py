"""docker-compose.yaml and the Dockerfile: valid, without default secrets, and in agreement with the code."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]
from airflow.cli.cli_parser import get_parser
from airflow.configuration import conf
from packaging.requirements import Requirement

from local_stack.credentials import complete_dotenv
from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE = ROOT / "docker-compose.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRETS = {"FERNET_KEY", "API_SECRET_KEY", "JWT_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ADMIN_PASSWORD"}
STORES = {"postgres", "redis"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its anchors resolved and its variables as they are written."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def airflow_services(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in compose["services"].items() if name not in STORES}


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?:^|\s)([\w\[\]-]+)==([\w.]+)", text))


def stages() -> dict[str, str]:
    """The text of each stage of the Dockerfile by its name; the last has none."""
    found = re.split(r"^FROM \S+(?: AS (\S+))?$", DOCKERFILE, flags=re.MULTILINE)[1:]
    return {name or "": text for name, text in zip(found[::2], found[1::2], strict=True)}


def modules(package: str) -> set[str]:
    return {module for module, owners in packages_distributions().items() if package in owners}


def config(dotenv: Path) -> subprocess.CompletedProcess[str]:
    """Let docker-compose read the file with the secrets of a dotenv file alone."""
    command = ["docker-compose", "--file", str(COMPOSE), "--env-file", str(dotenv), "config"]
    return subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_docker_compose_accepts_the_file_with_the_secrets_that_make_writes(tmp_path: Path) -> None:
    assert set(complete_dotenv(tmp_path / ".env")) == SECRETS
    accepted = config(tmp_path / ".env")
    assert accepted.returncode == 0, accepted.stderr
    services = yaml.safe_load(accepted.stdout)["services"]
    environments = [service["environment"] for name, service in services.items() if name not in STORES]
    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY"):
        (value,) = {environment[name] for environment in environments}  # the same in all, or they do not understand
        assert len(value) > 30


@pytest.mark.long
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_docker_compose_refuses_a_secret_that_is_not_set(secret: str, tmp_path: Path) -> None:
    complete_dotenv(tmp_path / ".env")
    lines = (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
    (tmp_path / ".env").write_text("\n".join(line for line in lines if not line.startswith(secret)), encoding="utf-8")
    refused = config(tmp_path / ".env")
    assert refused.returncode != 0
    assert "run make secrets" in refused.stderr


def test_every_secret_is_asked_for_without_a_default() -> None:
    used = re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", COMPOSE.read_text(encoding="utf-8"))
    assert {name for name, rest in used if rest == ":?run make secrets"} == SECRETS
    assert {name for name, rest in used if not rest.startswith((":?", ":-"))} == set()


def test_images_are_pinned_and_airflow_is_the_version_that_is_tested(compose: dict[str, Any]) -> None:
    assert all(re.search(r":\d+\.\d+(\.\d+)?-", compose["services"][name]["image"]) for name in STORES)
    tested = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    bases = set(re.findall(r"^FROM (\S+/\S+)", DOCKERFILE, re.MULTILINE))
    assert bases == {f"apache/airflow:{tested['apache-airflow']}-python3.11"}
    installed = pins(DOCKERFILE)
    assert installed == {name: tested[name] for name in installed}


def test_the_image_installs_the_tested_version_of_all_that_the_wheel_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split("[<>=]", dependency)[0] for dependency in project["dependencies"]}
    assert pins(stages()["airflow"]).keys() == declared


def test_development_code_is_in_the_sandboxs_image_alone() -> None:
    copied = {name: re.findall(r"^COPY (?!--from)\S+ (.+) \S+$", text, re.MULTILINE) for name, text in stages().items()}
    assert copied == {
        "wheel": ["pyproject.toml hatch_build.py README.md LICENSE", "plugins/meta_insights", "include/sql"],
        "airflow": ["dags", "include/docker/airflow_local_settings.py"],
        "sandbox": ["include/graph_sandbox", "include/local_stack"],
        "": [],
    }
    assert re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE) == ["airflow"]  # a build without a target
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == set(" ".join(chain(*copied.values())).split())


def test_services_run_the_image_that_has_their_code(airflow_services: dict[str, Any]) -> None:
    for name, service in airflow_services.items():
        target = "sandbox" if name in {"sandbox", "sandbox-connection"} else "airflow"
        assert service["build"] == {"context": ".", "target": target}, name
        assert service["image"].partition(":")[0] == {"sandbox": "meta-insights-sandbox"}.get(target, "meta-insights")


def test_the_sandboxs_programs_need_no_package_that_its_image_lacks(tmp_path: Path) -> None:
    for name in re.findall(r"^COPY \S+ include/(\S+) /opt/sandbox/", stages()["sandbox"], re.MULTILINE):
        shutil.copytree(ROOT / "include" / name, tmp_path / name)
    code = "import sys, local_stack.demo_connection, graph_sandbox.__main__; print(*sys.modules)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT / 'plugins'}", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in done.stdout.splitlines()[-1].split()}
    development = pins((ROOT / "requirements.txt").read_text(encoding="utf-8").partition("# What the demo")[2])
    of_airflow = {Requirement(text).name for text in requires("apache-airflow-core") or ()}
    lacking = development.keys() - of_airflow - pins(stages()["sandbox"]).keys()
    assert "pytest" in lacking
    assert {name for name in lacking if modules(name) & loaded} == set()


def test_every_setting_of_the_dag_can_be_set_for_all_services(airflow_services: dict[str, Any]) -> None:
    code = (ROOT / "plugins" / "meta_insights" / "config.py").read_text(encoding="utf-8")
    known = set(re.findall(r"META_INSIGHTS_[A-Z_]*[A-Z]", code))
    written = re.findall(r"^    (META_INSIGHTS_\w+):", COMPOSE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(written) == sorted(known), "each once"
    for name, service in airflow_services.items():
        passed = {variable for variable in service["environment"] if variable.startswith("META_INSIGHTS_")}
        assert passed == known, name


def test_every_airflow_option_is_one_that_airflow_knows(airflow_services: dict[str, Any]) -> None:
    options = {
        tuple(variable.lower().split("__")[1:])
        for service in airflow_services.values()
        for variable in service["environment"]
        if variable.startswith("AIRFLOW__")
    }
    assert len(options) > 10
    known = conf.configuration_description
    assert {(section, name) for section, name in options if name not in known[section]["options"]} == set()


def test_every_command_is_one_that_airflow_or_this_package_has(airflow_services: dict[str, Any]) -> None:
    parser = get_parser()
    commands = {name: service["command"] for name, service in airflow_services.items() if name != "init"}
    for name, command in commands.items():
        program, *rest = shlex.split(command)
        if program == "python":
            assert importlib.util.find_spec(rest[1]), name
        else:
            assert parser.parse_args([program, *rest]).func, name
    assert "airflow db migrate" in airflow_services["init"]["command"][-1]
    for name in ("dag-processor", "triggerer"):
        program, *rest = shlex.split(airflow_services[name]["healthcheck"]["test"][1].replace("$$", ""))
        assert program == "airflow"
        assert parser.parse_args(rest).func, name


def test_what_must_last_is_on_volumes(compose: dict[str, Any], airflow_services: dict[str, Any]) -> None:
    mounted = {mount.split(":")[0] for service in compose["services"].values() for mount in service["volumes"]}
    assert {name for name in mounted if not name.startswith("./")} == compose["volumes"].keys()
    assert all((ROOT / name).is_file() for name in mounted if name.startswith("./"))
    passwords = airflow_services["api-server"]["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]
    assert passwords in airflow_services["init"]["command"][-1]
    assert "auth:/opt/airflow/auth" in airflow_services["api-server"]["volumes"]


def test_services_that_serve_and_work_are_watched_and_started_again(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in {"init", "sandbox-connection"}:
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped", name
        assert "healthcheck" in service or name == "flower", name


def test_only_the_loopback_interface_is_open(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
