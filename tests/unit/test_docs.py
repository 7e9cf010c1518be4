"""What the documents say is what the code does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_explained_in_env_example_and_nothing_else_is() -> None:
    explained = re.findall(r"^# ([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert sorted(explained) == sorted(Settings.keys())


def test_each_setting_in_env_example_stands_below_its_explanation() -> None:
    for block in re.split(r"\n\n", read(".env.example")):
        lines = block.strip().splitlines()
        settings = [line for line in lines if re.match(r"# [A-Z_]+=", line)]
        assert len(settings) <= 1
        if settings:
            assert lines[-1] == settings[0]
            assert len(lines) > 1


def test_the_values_shown_in_env_example_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Settings.keys()
    for name in keys:
        monkeypatch.delenv(name, raising=False)
    shown = tmp_path / ".env"
    shown.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", read(".env.example"), flags=re.MULTILINE), encoding="utf-8")
    assert Settings(_env_file=shown) == Settings(_env_file=None)  # type: ignore[call-arg]


def test_settings_named_in_documents_exist() -> None:
    known = {*Settings.keys(), "FRONTDESK_QUALITY_DIR"}  # the last is the benchmarks' own
    for document in [*DOCUMENTS, ROOT / "docker-compose.yml", ROOT / "Dockerfile"]:
        named = set(re.findall(r"FRONTDESK_[A-Z][A-Z_]*[A-Z]", document.read_text(encoding="utf-8")))
        assert named <= known, document


def commands() -> Iterator[str]:
    from bot.cli.main import app

    def walk(command: object, path: str) -> Iterator[str]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
        for name, child in (children or {}).items():
            yield from walk(child, f"{path} {name}".strip())

    yield from walk(typer.main.get_command(app), "")


def test_the_readme_s_table_has_every_command_and_no_other() -> None:
    known = set(commands())
    rows = re.findall(r"^\| `frontdesk ([a-z]+(?: [a-z]+)?)", read("README.md"), re.MULTILINE)
    assert sorted(rows) == sorted(known)


def test_commands_and_options_named_in_documents_exist() -> None:
    known = set(commands())
    groups = {command.split()[0] for command in known if " " in command}
    for document in DOCUMENTS:
        for named in re.findall(r"frontdesk ([a-z]+(?: [a-z]+)?)\b", code_of(document)):
            first = named.split()[0]
            assert named in known if first in groups and " " in named else first in known | groups, (document, named)


def test_make_targets_named_in_documents_exist_and_the_readme_names_all() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        assert set(re.findall(r"\bmake ([a-z]+)\b", code_of(document))) <= targets, document
    assert targets - {"help"} <= set(re.findall(r"`make ([a-z]+)`", read("README.md")))


def test_relative_links_and_pictures_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            target = link.partition("#")[0]
            if target and not re.match(r"[a-z]+:", target):
                assert (document.parent / target).exists(), (document, link)


def test_every_dependency_is_explained_in_the_readme_and_no_other() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    declared = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in declared}  # type: ignore[index]
    table = read("README.md").split("| dependency | for |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| ([\w., -]+) \|", table, re.MULTILINE)
    assert {name.strip().lower() for cell in cells for name in cell.split(",") if name.strip("- ")} == names


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in read("CHANGELOG.md")


def test_decisions_are_half_a_page_and_have_their_three_parts() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.match(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert text.startswith("# "), path
        assert all(part in text for part in ("Context", "Decision", "Consequences")), path


def code_of(document: Path) -> str:
    """The code spans and blocks of a Markdown document, one a line."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
