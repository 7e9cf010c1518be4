"""`make bench`: every benchmark, as a table of what was measured beside what it should reach.

Ratios are against a baseline in the same run, so they travel from machine to machine; milliseconds do not. Measure on a
machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bench_forget,
    bench_generation,
    bench_indexing,
    bench_insights,
    bench_recrawl,
    bench_rendering,
    bench_retrieval,
    bench_slack,
    bench_startup,
)

BENCHES: dict[str, Callable[[], dict[str, float]]] = {
    "retrieval": bench_retrieval.run,
    "indexing": bench_indexing.run,
    "recrawl": bench_recrawl.run,
    "rendering": bench_rendering.run,
    "startup": bench_startup.run,
    "slack": bench_slack.run,
    "forget": bench_forget.run,
    "insights": bench_insights.run,
    "generation": bench_generation.run,
}


@dataclass(frozen=True)
class Goal:
    """What a figure should reach: at least `bound`, or at most."""

    bound: float
    at_least: bool

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


GOALS = {
    ("retrieval", "single_times_faster"): Goal(2.5, at_least=True),
    ("retrieval", "concurrent_times_throughput"): Goal(4, at_least=True),
    ("retrieval", "chinese_to_english"): Goal(2.5, at_least=False),
    ("retrieval", "hit5_lost"): Goal(0.01, at_least=False),
    ("indexing", "indexing_times_faster"): Goal(3, at_least=True),
    ("recrawl", "bytes_ratio"): Goal(0.02, at_least=False),
    ("recrawl", "time_ratio"): Goal(0.10, at_least=False),
    ("startup", "help_seconds"): Goal(0.5, at_least=False),
    ("startup", "fresh_ask_seconds"): Goal(2, at_least=False),
    ("startup", "fresh_unsure_ask_seconds"): Goal(2, at_least=False),
    ("startup", "warm_first_answer_ms"): Goal(50, at_least=False),
    ("slack", "ack_p99_ms_at_500"): Goal(150, at_least=False),
    ("slack", "answers_per_second_at_500"): Goal(100, at_least=True),
    **{("forget", f"{phase}_ack_worst_ms"): Goal(3000, at_least=False) for phase in ("before", "steady", "sparse")},
    ("forget", "after_ack_worst_ms"): Goal(3000, at_least=False),
    ("forget", "compacted_in_seconds"): Goal(300, at_least=False),
    ("forget", "traces_left"): Goal(0, at_least=False),
    **{("insights", f"postgresql_insights_{days}_days_ms"): Goal(300, at_least=False) for days in (7, 30, 90)},
    **{("insights", f"sqlite_insights_{days}_days_ms"): Goal(1000, at_least=False) for days in (7, 30, 90)},
    ("slack", "ack_p99_ms_at_500_different"): Goal(3000, at_least=False),
    **{("generation", f"first_token_ratio_at_{n}"): Goal(1.10, at_least=False) for n in (1, 8, 32)},
    **{("generation", f"own_ms_at_{n}"): Goal(8, at_least=False) for n in (1, 8, 32)},
    **{("generation", f"throughput_ratio_at_{n}"): Goal(0.90, at_least=True) for n in (1, 8, 32)},
}


def main() -> None:
    """Run the benchmarks named (default: all), print a table, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which (default: all)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    console = Console()
    figures = {}
    for name in arguments.names or BENCHES:
        with console.status(f"measuring {name} …"):
            figures[name] = BENCHES[name]()
        show(console, name, figures[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def show(console: Console, name: str, figures: dict[str, float]) -> None:
    """One benchmark's table."""
    table = Table(title=name, title_justify="left")
    table.add_column("figure", min_width=30)
    table.add_column("measured", justify="right", min_width=12)
    table.add_column("goal", justify="right", min_width=8)
    table.add_column("", min_width=6)
    for figure, value in figures.items():
        goal = GOALS.get((name, figure))
        verdict = "" if goal is None else ("[green]ok" if goal.reached(value) else "[red]missed")
        table.add_row(figure, f"{value:,.4g}" if value < 1000 else f"{value:,.0f}", str(goal or ""), verdict)
    console.print(table)


if __name__ == "__main__":
    main()
