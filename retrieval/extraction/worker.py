"""The extraction process: `python -m retrieval.extraction.worker`, started by `ExtractionProcess`.

It reads pages from standard input, each a line of JSON and the body, and answers each with a line of JSON. A page that
takes more than its seconds of processor time, or the memory, ends the process: whoever asked starts another.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import traceback
from typing import Any

from retrieval.documents import Selectors, to_json_values
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_page


def main() -> None:
    """Serve until standard input closes."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    importlib.import_module("retrieval.extraction.extract")  # now, and not in the first page's time
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not end up between our lines
    while line := requests.readline():
        page = json.loads(line)
        body = requests.read(page["bytes"])
        signal.setitimer(signal.ITIMER_PROF, page["seconds"])  # its signal ends the process, whatever it is doing
        answer = _answer_request(page, body)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer_request(page: dict[str, Any], body: bytes) -> dict[str, Any]:
    selectors = Selectors(**page["selectors"]) if page["selectors"] else None
    try:
        found = extract_page(body, page["url"], page["content_type"], selectors)
    except ExtractionError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"{page['url']} takes more memory to read than a page may: leave it out, or split it"}
    except Exception as error:  # one page must not keep a thousand others from being read
        return {"fault": type(error).__name__, "trace": traceback.format_exc()}
    return {"documents": [*map(to_json_values, found.documents)], "coverage": found.coverage.to_row()}


if __name__ == "__main__":
    main()
