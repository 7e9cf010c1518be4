"""`make quality`: extraction and retrieval measured on a folder of real pages and question sets, where one is present.

The folder (FRONTDESK_QUALITY_DIR, default ../shared/faq) holds `pages/<site>/*.html`, question sets in `sets/<name>/`
and the scorer `score_pages.py`. What is measured is the product itself, by `frontdesk extract` and `frontdesk eval`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

FRONTDESK = str(Path(sys.executable).parent / "frontdesk")
COLUMNS = ("n", "P@1", "R@5", "AUROC", "cov@P95", "FA@90", "ECE", "answered", "right_of_answered", "false_answers")
GOALS = {"stackfaq": 0.95, "sites_en": 0.82, "esun_zh": 0.80, "telecom_zh": 0.52, "sites_zh": 0.52}


def main() -> None:
    """Print both tables; say so and stop where there is nothing to measure on."""
    root = Path(os.environ.get("FRONTDESK_QUALITY_DIR", "../shared/faq"))
    console = Console() if sys.stdout.isatty() else Console(width=160)
    if not root.is_dir():
        console.print(f"{root} is not present: set FRONTDESK_QUALITY_DIR to a folder with pages/ and sets/.")
        return
    with tempfile.TemporaryDirectory() as temporary:
        measure_pages(console, root, Path(temporary))
        measure_sets(console, root / "sets", Path(temporary))


def measure_pages(console: Console, root: Path, out: Path) -> None:
    """`frontdesk extract` on every site's pages, judged by the folder's own scorer."""
    for site in sorted(path for path in (root / "pages").iterdir() if path.is_dir()):
        pages = [str(page) for page in sorted(site.glob("*.html"))]
        command = [FRONTDESK, "extract", *pages, "--out", str(out / "pages" / site.name), "--json"]
        subprocess.run(command, check=True, capture_output=True)
    scorer = [sys.executable, str(root / "score_pages.py"), str(root / "pages"), str(out / "pages")]
    console.print(subprocess.run(scorer, check=True, capture_output=True, text=True).stdout, highlight=False)


def measure_sets(console: Console, sets: Path, out: Path) -> None:
    """`frontdesk eval` on every question set."""
    table = Table(title="Question sets", title_justify="left")
    for column in ("set", *COLUMNS, "goal P@1"):
        table.add_column(column, justify="left" if column == "set" else "right")
    for folder in sorted(path for path in sets.iterdir() if path.is_dir()):
        files = ["--faqs", str(folder / "faqs.jsonl"), "--queries", str(folder / "queries.jsonl")]
        command = [FRONTDESK, "eval", *files, "--out", str(out / f"{folder.name}.jsonl"), "--json"]
        with console.status(f"measuring {folder.name} …"):
            figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        shown = [figures.get(column, "") for column in COLUMNS]
        goal = GOALS.get(folder.name)
        verdict = "" if goal is None else f"{goal:.2f} {'[green]ok' if figures['P@1'] >= goal else '[red]missed'}"
        table.add_row(folder.name, *(f"{x:.3f}" if isinstance(x, float) else str(x) for x in shown), verdict)
    console.print(table)


if __name__ == "__main__":
    main()
