import os
from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings, FolderReader, read_file
from retrieval.documents import Source, SourceKind
from retrieval.errors import SourceError
from retrieval.interfaces import Fetch, FetchOutcome
from tests.support.crawls import as_known, of, urls


def crawl(folder: Path, known: object = None, **settings: object) -> list[Fetch]:
    source = Source("docs", SourceKind.FOLDER, str(folder))
    return list(FolderReader(CrawlSettings(**settings)).crawl(source, known or {}))  # type: ignore[arg-type]


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_html_markdown_and_text_are_read_wherever_they_lie(tmp_path: Path) -> None:
    write(tmp_path, a_html="<p>a", b_md="# b", c_txt="c", d_pptx="no", e_MD="# e")
    write(tmp_path / "deep" / "如何", f_html="<p>f")
    write(tmp_path / ".git", g_md="hidden")
    fetches = crawl(tmp_path)
    assert {Path(url).name for url in urls(fetches)} == {"a.html", "b.md", "c.txt", "e.MD", "f.html"}
    page = of(fetches, (tmp_path / "b.md").as_uri())
    assert (page.outcome, page.body, page.content_type) == (FetchOutcome.FETCHED, b"# b", "text/markdown")
    assert {fetch.discovered for fetch in fetches} == {5}


def test_files_of_other_kinds_are_told_and_binary_ones_fail(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_pptx="no", LICENSE="no", c_txt="中文")
    (tmp_path / "d.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "e.txt").write_bytes("短信与退货".encode("gbk"))
    (tmp_path / "f.txt").write_bytes("Ein Satz".encode("utf-16-le"))
    (tmp_path / "g.txt").write_bytes("如何退货".encode("utf-16"))
    (tmp_path / "h.txt").write_bytes("返品".encode("iso2022_jp"))
    fetches = crawl(tmp_path)
    assert {Path(url).name for url in urls(fetches, FetchOutcome.SKIPPED)} == {"b.pptx", "LICENSE"}
    assert {Path(url).name for url in urls(fetches, FetchOutcome.FAILED)} == {"d.txt"}
    assert len(urls(fetches)) == 6
    assert of(fetches, (tmp_path / "b.pptx").as_uri()).reason == ".pptx is not read"
    assert "cannot be decoded" in of(fetches, (tmp_path / "d.txt").as_uri()).reason


def test_unchanged_files_are_not_read_and_deleted_ones_are_gone(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_md="b", c_md="c")
    known = as_known(crawl(tmp_path))
    (tmp_path / "b.md").unlink()
    write(tmp_path, c_md="changed")
    again = crawl(tmp_path, known)
    assert urls(again, FetchOutcome.UNCHANGED) == {(tmp_path / "a.md").as_uri()}
    assert urls(again, FetchOutcome.FETCHED) == {(tmp_path / "c.md").as_uri()}
    assert urls(again, FetchOutcome.GONE) == {(tmp_path / "b.md").as_uri()}
    for path in tmp_path.iterdir():
        path.unlink()
    assert len(urls(crawl(tmp_path, known), FetchOutcome.GONE)) == 3


def test_links_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside", secret_md="secret")
    inside = tmp_path / "inside"
    write(inside, a_md="a")
    (inside / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "loop").symlink_to(inside)
    (inside / "alias.md").symlink_to(inside / "a.md")
    (inside / "broken.md").symlink_to(inside / "nothing.md")
    fetches = crawl(inside)
    assert urls(fetches) == {(inside / "a.md").as_uri(), (inside / "alias.md").as_uri()}
    assert of(fetches, (inside / "broken.md").as_uri()).outcome is FetchOutcome.FAILED


def test_what_is_too_large_or_no_file_fails_alone(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_md="x" * 2000)
    os.mkfifo(tmp_path / "c.md")
    fetches = crawl(tmp_path, page_bytes=1000)
    assert urls(fetches) == {(tmp_path / "a.md").as_uri()}
    assert "larger" in of(fetches, (tmp_path / "b.md").as_uri()).reason
    assert of(fetches, (tmp_path / "c.md").as_uri()).reason == "it is no regular file"


def test_the_page_limit_holds(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_md="b", c_md="c")
    known = as_known(crawl(tmp_path))
    fetches = crawl(tmp_path, known, max_pages=2)
    assert "limit of 2" in of(fetches, (tmp_path / "c.md").as_uri()).reason


@pytest.mark.parametrize(
    ("location", "words"), [("missing", "does not exist"), ("file.md", "no folder"), ("empty", "no file of a kind")]
)
def test_a_folder_that_cannot_be_read_is_one_line(tmp_path: Path, location: str, words: str) -> None:
    write(tmp_path, file_md="x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=words) as told:
        crawl(tmp_path / location)
    assert "\n" not in str(told.value)


def test_one_file_can_be_read_by_itself(tmp_path: Path) -> None:
    write(tmp_path, a_html="<p>a", b_zip="x")
    assert read_file(tmp_path / "a.html").body == b"<p>a"
    for name, words in (("b.zip", "no file of a kind that is read"), ("missing.html", "no such file")):
        with pytest.raises(SourceError, match=words):
            read_file(tmp_path / name)


def test_a_link_that_leads_in_a_circle_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path, a_md="# a")
    (tmp_path / "self.md").symlink_to("self.md")
    (tmp_path / "there.txt").symlink_to("back.txt")
    (tmp_path / "back.txt").symlink_to("there.txt")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "lost.md").symlink_to("nowhere.md")
    fetches = crawl(tmp_path)
    assert urls(fetches) == {(tmp_path / "a.md").as_uri()}
    skipped = urls(fetches, FetchOutcome.SKIPPED)
    assert {Path(url).name for url in skipped} == {"self.md", "there.txt", "back.txt", "round"}
    assert "circle" in of(fetches, (tmp_path / "self.md").as_uri()).reason
    assert {Path(url).name for url in urls(fetches, FetchOutcome.FAILED)} == {"lost.md"}
