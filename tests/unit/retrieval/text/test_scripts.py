import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
_CHARACTER = r"(?:\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|[^\x00-\x7f])"
_RANGE = re.compile(rf"{_CHARACTER}-{_CHARACTER}")
_CLASS = re.compile(r"\[(?:\\.|[^\]\\\n])*\]")  # outside a character class a dash is a dash


def test_unicode_ranges_stand_in_one_module() -> None:
    elsewhere = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("bot", "retrieval", "inference")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != ROOT / "retrieval" / "scripts.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if any(_RANGE.search(found) for found in _CLASS.findall(line)) or re.search(r"\\u[0-9a-fA-F]{4}-\\u", line)
    ]
    assert not elsewhere, f"Take these from retrieval/text/scripts.py: {elsewhere}"
