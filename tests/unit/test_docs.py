"""What the documents say is what the code does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from bot.app.commands import COMMANDS
from bot.platforms.registry import find_sections
from bot.settings import Settings
from docs.make import pages

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
NAMING = [  # what may name a document or a decision
    *DOCUMENTS,
    *(
        path
        for folder in ("bot", "retrieval", "inference", "benchmarks", "tests")
        for path in ROOT.glob(f"{folder}/**/*.py")
    ),
    *(ROOT / name for name in (".env.example", "Dockerfile", "Makefile", "docker-compose.yml", "pyproject.toml")),
]

SECTIONS = (Settings, *find_sections())
VARIABLES = tuple(name for section in SECTIONS for name in section.environment_variables())


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_explained_in_env_example_and_nothing_else_is() -> None:
    explained = re.findall(r"^# ([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert sorted(explained) == sorted(VARIABLES)


def test_each_setting_in_env_example_stands_below_its_explanation() -> None:
    for block in re.split(r"\n\n", read(".env.example")):
        lines = block.strip().splitlines()
        settings = [line for line in lines if re.match(r"# [A-Z_]+=", line)]
        assert len(settings) <= 1
        if settings:
            assert lines[-1] == settings[0]
            assert len(lines) > 1


def test_the_values_shown_in_env_example_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    shown = tmp_path / ".env"
    shown.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", read(".env.example"), flags=re.MULTILINE), encoding="utf-8")
    for section in SECTIONS:
        assert section(_env_file=shown) == section(_env_file=None)  # type: ignore[call-arg]


def test_settings_named_in_documents_exist() -> None:
    known = {*VARIABLES, "FRONTDESK_QUALITY_DIR"}  # the last is the benchmarks' own
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


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_generated_page_is_what_the_code_says(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "run `make docs`"


def test_the_page_of_commands_has_every_one_with_its_options_and_no_other() -> None:
    text = read("docs/commands.md")
    rows = re.findall(r"^\| `frontdesk ([a-z]+(?: [a-z]+)?)", text, re.MULTILINE)
    assert sorted(rows) == sorted(commands())
    assert re.findall(r"^\| `/faq ([a-z]+(?: [a-z]+)?)", text, re.MULTILINE) == list(COMMANDS)
    assert "`--against-set`" in text


def test_the_page_of_settings_has_every_one_and_no_other() -> None:
    assert sorted(re.findall(r"^\| `([A-Z_]+)`", read("docs/settings.md"), re.MULTILINE)) == sorted(VARIABLES)


def test_commands_and_options_named_in_documents_exist() -> None:
    known = set(commands())
    groups = {command.split()[0] for command in known if " " in command}
    for document in DOCUMENTS:
        for named in re.findall(r"frontdesk ([a-z]+(?: [a-z]+)?)\b", code_of(document)):
            first = named.split()[0]
            assert named in known if first in groups and " " in named else first in known | groups, (document, named)


def test_make_targets_named_in_documents_exist_and_one_page_names_all() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        assert set(re.findall(r"\bmake ([a-z]+)\b", code_of(document))) <= targets, document
    assert targets == set(re.findall(r"^\| `make ([a-z]+)`", read("docs/commands.md"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_and_pictures_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose_of(document)):
        name, _, place = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not place or place in anchors(target), link


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached:
            continue
        reached.add(document)
        if document.is_dir():
            waiting += document.glob("*.md")
        elif document.suffix == ".md":
            links = re.findall(r"\]\(([^)\s#:]+)", prose_of(document))
            waiting += [(document.parent / link).resolve() for link in links]
    assert set(DOCUMENTS) <= reached


def test_documents_and_decisions_that_are_named_anywhere_exist() -> None:
    numbers = {path.name[:4] for path in DECISIONS}
    for path in NAMING:
        text = path.read_text(encoding="utf-8")
        for named in re.findall(r"(?<![\w./-])docs/[\w/-]+\.(?:md|svg|png)\b", text):
            assert (ROOT / named).exists(), (path, named)
        assert set(re.findall(r"\b[Dd]ecisions?[ /](\d{4})\b", text)) <= numbers, path


def test_the_readme_fits_on_some_screens_and_begins_with_the_picture_and_the_two_commands() -> None:
    lines = read("README.md").splitlines()
    assert len(lines) <= 200
    first = "\n".join(lines[:25])
    assert all(part in first for part in ("docs/images/demo.svg", "\nmake demo", "\nmake test"))
    for page in (
        "operators",
        "admins",
        "evaluation",
        "models",
        "extraction",
        "architecture",
        "slack",
        "discord",
        "vllm",
    ):
        assert f"(docs/{page}.md)" in read("README.md"), page


def test_every_dependency_is_explained_on_its_page_and_no_other() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    declared = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in declared}  # type: ignore[index]
    table = read("docs/dependencies.md").split("| dependency | for |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| ([\w., -]+) \|", table, re.MULTILINE)
    assert {name.strip().lower() for cell in cells for name in cell.split(",") if name.strip("- ")} == names


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in read("CHANGELOG.md")


def test_decisions_are_few_and_numbered_in_a_row() -> None:
    assert 1 < len(DECISIONS) <= 21
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_is_half_a_page_and_has_its_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-[a-z0-9-]+\.md", path.name)
    assert text.startswith(f"# {path.name[:4]}: ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Why", "Consequences"]
    assert len(text.split()) <= 250


def code_of(document: Path) -> str:
    """The code spans and blocks of a Markdown document, one a line."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))


def prose_of(document: Path) -> str:
    """A Markdown document without its code."""
    return re.sub(r"```.*?```|`[^`\n]+`", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The places of a document that a link can name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
