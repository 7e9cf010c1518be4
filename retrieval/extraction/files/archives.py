"""Looks at an Office archive before anything in it is unpacked whole."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from retrieval.errors import ExtractionError

MAX_UNPACKED = 256 * 2**20  # bytes: of the text that is read, a thousandth
MAX_FILES = 10_000
BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, OSError, ValueError)
"""What the standard library raises for one."""
_MARKUP = (".xml", ".rels")


def check_archive(body: bytes, url: str) -> None:
    """Raises ExtractionError for an archive that is broken or encrypted, unpacks to too much, or declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise ExtractionError(
                    f"{url} unpacks to more than {MAX_UNPACKED // 2**20} MiB or {MAX_FILES:,} files: "
                    "take its pictures out, or split it"
                )
            if any(member.flag_bits & 1 for member in members):
                raise ExtractionError(f"{url} is encrypted: save it without a password")
            for member in members:
                if member.filename.lower().endswith(_MARKUP):
                    _check_prologue(archive, member, url)
    except BROKEN_ARCHIVE as error:
        raise ExtractionError(f"{url} is broken ({error}): open it, and save it anew") from error


def _check_prologue(archive: zipfile.ZipFile, member: zipfile.ZipInfo, url: str) -> None:
    """Office files declare no document type; what does may unfold to gigabytes. A declaration stands before the first
    element, so no more is read."""
    try:
        with archive.open(member) as file:
            next(iterparse(file, events=("start",), forbid_dtd=True), None)
    except DefusedXmlException as error:
        raise ExtractionError(f"{url} declares XML entities, as no Office program does: leave it out") from error
    except ParseError as error:
        raise ExtractionError(f"{url} is broken ({member.filename}: {error}): open it, and save it anew") from error
