"""The project's own files agree with each other and do what they promise."""

import ast
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import napari_jcc
from napari_jcc.config import PRESETS, JccConfig, MatchConfig
from napari_jcc.words import Extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SCRIPTS = [ROOT / ".ci/run", *sorted((ROOT / "scripts").glob("*.sh"))]
PIN = re.compile(
    r"(?P<name>[a-z0-9]+(-[a-z0-9]+)*)==(?P<version>[0-9][0-9.]*(post[0-9]+)?)"
)


def normalise(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def direct_dependencies():
    extras = PROJECT["project"]["optional-dependencies"].values()
    groups = PROJECT["dependency-groups"].values()
    lists = [PROJECT["project"]["dependencies"], *extras, *groups]
    texts = [text for texts in lists for text in texts if isinstance(text, str)]
    names = {normalise(re.match(r"[\w.-]+", text)[0]) for text in texts}
    return names - {"napari-jcc"}


def test_constraints_are_exact_versions_without_local_builds():
    matches = {line: PIN.fullmatch(line) for line in read_pins()}
    assert [line for line, match in matches.items() if not match] == []
    names = [match["name"] for match in matches.values()]
    assert len(names) == len(set(names))


def test_constraints_pin_every_direct_dependency_and_torch():
    pinned = {line.partition("==")[0] for line in read_pins()}
    assert (direct_dependencies() | {"torch", "pip"}) - pinned == set()


def test_base_dependencies_bring_no_qt_napari_or_torch():
    names = {
        normalise(re.match(r"[\w.-]+", text)[0])
        for text in PROJECT["project"]["dependencies"]
    }
    assert not {"napari", "pyqt6", "pyside6", "qtpy", "torch"} & names


def test_extras_that_messages_tell_to_install_exist():
    assert set(get_args(Extra)) <= set(PROJECT["project"]["optional-dependencies"])


def test_changelog_has_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[?{re.escape(napari_jcc.__version__)}\b", text, re.MULTILINE)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/index.md"])
def test_make_targets_named_in_the_documents_exist(document):
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", (ROOT / document).read_text()))
    assert {"demo", "test"} <= named
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.M)] == []


def test_continuous_integration_runs_the_commands_of_the_readme():
    [targets] = re.findall(
        r"^for target in (.*); do$", (ROOT / ".ci/run").read_text(), re.M
    )
    assert {"demo", "lint", "test"} <= set(targets.split())
    assert targets.split()[-1] == "test"


@pytest.mark.parametrize("page", ["settings.md", "api.md"])
def test_reference_page_is_what_make_reference_writes(page):
    renew = runpy.run_path(str(ROOT / "scripts/reference"))["renew"]
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert renew(text) == text, "run make reference"


def test_settings_page_has_every_setting_with_its_value_in_every_preset():
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    sections = JccConfig.model_fields | MatchConfig.model_fields
    for section, section_field in sections.items():
        for name in section_field.annotation.model_fields:
            assert page.count(f"| `{section}.{name}` |") == 1
    [row] = [line for line in page.splitlines() if line.startswith("| `problem.nu` |")]
    values = "".join(f" `{preset.config().problem.nu}` |" for preset in PRESETS.values())
    assert row.endswith(f"| at least 0, at most 1e+06 |{values}")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_parse(script):
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", script], check=True)


def write_command(folder, name, body):
    path = folder / name
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def debian(tmp_path):
    """Run a script on a pretended Debian whose user is no administrator."""
    write_command(tmp_path, "dpkg-query", r"printf 'installed\txvfb, \n'")
    write_command(tmp_path, "apt-get", "echo apt-get must not run >&2; exit 99")
    write_command(tmp_path, "sudo", "exit 1")
    write_command(tmp_path, "id", "echo 1000")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def run(script, *arguments):
        command = [ROOT / "scripts" / script, *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )

    return run


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="is about Debian")


@needs_linux
def test_missing_system_packages_are_named_with_the_command(debian):
    done = debian("system_packages.sh", "xvfb", "xauth", "libegl1")
    assert done.returncode == 1
    assert "Missing system packages: xauth libegl1\n" in done.stderr
    assert "apt-get install --yes xauth libegl1\n" in done.stderr


@needs_linux
def test_installed_and_provided_packages_are_not_missing(debian, tmp_path):
    status = r"printf 'installed\tlibglib2.0-0t64, libglib2.0-0 (= 2.80)\n'"
    write_command(tmp_path, "dpkg-query", status)
    done = debian("system_packages.sh", "libglib2.0-0")
    assert (done.returncode, done.stderr) == (0, "")


@needs_linux
def test_packages_removed_but_still_configured_are_missing(debian, tmp_path):
    write_command(tmp_path, "dpkg-query", r"printf 'config-files\txvfb, \n'")
    assert debian("system_packages.sh", "xvfb").returncode == 1


@needs_linux
def test_root_installs_what_is_missing(debian, tmp_path):
    write_command(tmp_path, "id", "echo 0")
    write_command(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/calls')
    assert debian("system_packages.sh", "xvfb", "xauth").returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["update", "install --yes --no-install-recommends xauth"]


@needs_linux
def test_without_a_display_the_other_tests_still_run(debian, tmp_path):
    write_command(tmp_path, "python", 'echo "ran: $@; display: ${DISPLAY:-none}"')
    done = debian("run_tests.sh", tmp_path / "python", "tests/config")
    assert done.returncode == 0
    assert "sudo apt-get update && sudo apt-get install --yes xauth" in done.stderr
    assert "running only the tests that need none" in done.stderr
    assert re.search(r"ran: -m pytest .*tests/config; display: none", done.stdout)


@needs_linux
@pytest.mark.parametrize(
    ("failing", "passes"), [("", True), ("test_stack.py", False), ("ignore", False)]
)
def test_every_test_is_in_one_part_and_a_failure_of_any_counts(
    debian, tmp_path, failing, passes
):
    script = (ROOT / "scripts/system_packages.sh").read_text()
    [names] = re.findall(r"DISPLAY_PACKAGES=\(([^)]*)\)", script)
    installed = f"printf 'installed\\t%s, \\n' {' '.join(names.split())}"
    write_command(tmp_path, "dpkg-query", installed)
    write_command(tmp_path, "xvfb-run", 'shift 2; exec "$@"')
    body = f'echo "ran: $@"; [[ -z "{failing}" || "$*" != *{failing}* ]]'
    write_command(tmp_path, "python", body)
    done = debian("run_tests.sh", tmp_path / "python")
    assert (done.returncode == 0) == passes, done.stderr
    ran = [
        word
        for words in re.findall("ran: -m pytest (.*)", done.stdout)
        for word in words.split()
    ]
    windows = (ROOT / "tests/plugin").rglob("test_*.py")
    parts = ["--ignore=tests/plugin", *(str(path.relative_to(ROOT)) for path in windows)]
    assert sorted(ran) == sorted(parts)


@needs_linux
def test_old_python_is_refused_with_what_was_found(debian, tmp_path):
    write_command(tmp_path, "oldpython", '[[ $1 == --version ]] && echo "Python 3.9.2"')
    done = debian("create_venv.sh", tmp_path / "venv", "oldpython")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


@needs_linux
def test_python_without_its_venv_module_names_the_package(debian, tmp_path):
    body = "case $2 in *ensurepip*) exit 1;; *version_info\\[:2\\]*) echo 3.11;; esac"
    write_command(tmp_path, "halfpython", body)
    done = debian("create_venv.sh", tmp_path / "venv", "halfpython")
    assert done.returncode == 1
    assert "apt-get install --yes python3.11-venv" in done.stderr


def check_layers(folder):
    shutil.copytree(ROOT / "src/napari_jcc", folder / "napari_jcc", dirs_exist_ok=True)
    shutil.copy(ROOT / "pyproject.toml", folder)

    def run():
        command = (
            "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"
        )
        return subprocess.run(
            [sys.executable, "-c", command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("regions/regions.py", "import napari", "Only the plugin knows napari and Qt"),
        ("errors.py", "import qtpy", "Only the plugin knows napari and Qt"),
        (
            "regions/regions.py",
            "import napari_jcc.features.extractor",
            "Stages import earlier stages only",
        ),
        ("stray.py", "", "Stages import earlier stages only"),
    ],
)
def test_layer_rule_is_broken_by(tmp_path, module, line, contract):
    run = check_layers(tmp_path)
    path = tmp_path / "napari_jcc" / module
    path.write_text(f"{path.read_text() if path.exists() else ''}\n{line}\n")
    done = run()
    assert done.returncode == 1, done.stdout
    assert f"{contract} BROKEN" in done.stdout


def test_layer_rule_is_kept_by_the_package_as_it_is(tmp_path):
    done = check_layers(tmp_path)()
    assert done.returncode == 0, done.stdout


def test_layer_rule_covers_every_module():
    package = ROOT / "src/napari_jcc"
    found = {path.stem for path in package.glob("*.py")} - {"__init__"}
    found |= {path.parent.name for path in package.glob("*/__init__.py")}
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    [window] = [contract for contract in contracts if contract["id"] == "window"]
    listed = {name.removeprefix("napari_jcc.") for name in window["source_modules"]}
    assert listed == found - {"plugin"}


def bound_at_top(tree):
    """Names that assignments, functions and classes of a module bind, but overloads."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if "overload" not in {ast.unparse(each) for each in node.decorator_list}:
                yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (each for target in targets for each in ast.walk(target)):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    yield name.id


@pytest.mark.parametrize("folder", ["src", "benchmarks", "scripts", "tests"])
def test_no_module_binds_a_name_twice(folder):
    """The former would silently work with the latter's value, as once happened."""
    twice = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        names = list(bound_at_top(ast.parse(path.read_text(encoding="utf-8"))))
        if len(set(names)) < len(names):
            twice[path.name] = sorted(n for n in set(names) if names.count(n) > 1)
    assert twice == {}
