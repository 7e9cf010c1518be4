"""Word documents -> HTML, by mammoth."""

from __future__ import annotations

import html
import io
import zipfile
from typing import cast
from xml.parsers.expat import ExpatError

import mammoth
from lxml import etree
from lxml import html as lxml_html

from retrieval.errors import ExtractionError
from retrieval.extraction.files.archives import BROKEN_ARCHIVE, check_archive
from retrieval.extraction.files.content import FileContent, name_file

_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
"""
_CORE = "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def read_word(body: bytes, url: str) -> FileContent:
    """Headings, lists, tables, bold text and links; pictures are left out. Raises ExtractionError."""
    check_archive(body, url)
    try:
        converted = mammoth.convert_to_html(
            io.BytesIO(body),
            style_map=_STYLES,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(lambda _image: {}),
        )
    except (KeyError, AttributeError, IndexError, TypeError, ExpatError, *BROKEN_ARCHIVE) as error:
        raise ExtractionError(f"{url} is no Word document that can be read: open it, and save it anew") from error
    page = f"<html><body>{converted.value}</body></html>"
    root = cast("lxml_html.HtmlElement", lxml_html.document_fromstring(page))
    etree.strip_elements(root, "img", with_tail=False)
    for element in root.iter(etree.Element):
        if "id" in element.attrib:  # a bookmark of Word's, which no browser can open
            del element.attrib["id"]
    for table in root.iter("table"):
        _head_table(table)
    if not any(char.isalnum() for char in root.text_content()):
        raise ExtractionError(f"{url} holds no text: where it holds pictures of text, run OCR first")
    shown = next(iter(root.find_class("title")), None)
    if shown is not None:
        _lower_headings(root, shown)
    title = html.escape(_read_title(body, shown) or name_file(url))
    content = lxml_html.tostring(root.body, encoding="unicode")
    return FileContent(html=f"<html><head><title>{title}</title></head>{content}</html>")


def _head_table(table: lxml_html.HtmlElement) -> None:
    """Word's tables are headed by their first row; few say so."""
    rows = list(table.iter("tr"))
    if len(rows) > 1 and table.find(".//th") is None:
        for cell in rows[0].findall("td"):
            cell.tag = "th"


def _lower_headings(root: lxml_html.HtmlElement, title: lxml_html.HtmlElement) -> None:
    """Below a title Word's first headings are the second."""
    for heading in root.iter("h1", "h2", "h3", "h4", "h5"):
        if heading is not title:
            heading.tag = f"h{int(heading.tag[1]) + 1}"


def _read_title(body: bytes, shown: lxml_html.HtmlElement | None) -> str:
    """What stands above it; else what its author called it in the document's properties, "" for nothing."""
    if shown is not None and (text := " ".join(shown.text_content().split())):
        return text
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if _CORE not in archive.namelist():
            return ""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            return " ".join((etree.fromstring(archive.read(_CORE), parser).findtext(_TITLE) or "").split())
        except etree.XMLSyntaxError:
            return ""
