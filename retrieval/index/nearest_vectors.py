"""Nearest vectors by inner product with FAISS: exact below a settable size, HNSW above; on a GPU where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.interfaces import Vectors

# HNSW's usual middle ground: 32 links a node; 128 nodes kept in view find over 99% of the true top 50.
LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 200, 128


class DenseIndex:
    """The rows' FAISS index, and an exact one of rows laid over it. Safe to search from several threads."""

    def __init__(self, index: Any, searched: Any = None, more: Any = None) -> None:
        self._index = index
        self._searched = _on_gpu(index) if searched is None else searched
        self._more = more

    @classmethod
    def build(cls, rows: Vectors, *, exact: bool) -> DenseIndex:
        """`rows` is (n, dimension) float32 of unit vectors."""
        import faiss

        index: Any
        if exact:
            index = faiss.IndexFlatIP(rows.shape[1])
        else:
            index = faiss.IndexHNSWFlat(rows.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF_CONSTRUCTION
            index.hnsw.efSearch = EF_SEARCH
        if len(rows):
            index.add(np.ascontiguousarray(rows, np.float32))
        return cls(index)

    def with_rows(self, rows: Vectors) -> DenseIndex:
        """This index, which is shared, with `rows` after its own."""
        import faiss

        more = faiss.IndexFlatIP(rows.shape[1])
        more.add(np.ascontiguousarray(rows, np.float32))
        return DenseIndex(self._index, self._searched, more)

    @property
    def is_exact(self) -> bool:
        """Whether every row is compared."""
        import faiss

        return isinstance(self._index, faiss.IndexFlat)

    def save(self, path: Path) -> None:
        """Write the FAISS file; worth it only where building takes time (HNSW)."""
        import faiss

        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Raises RuntimeError on a file that is missing or broken."""
        import faiss

        return cls(faiss.read_index(str(path)))

    def search(self, queries: Vectors, count: int) -> npt.NDArray[np.int64]:
        """-> (len(queries), at most `count`) row numbers, best first; -1 where HNSW found fewer."""
        queries = np.ascontiguousarray(queries, np.float32)
        if self._more is None:
            return _search_rows(self._searched, queries, count)[1]
        scores, rows = _search_rows(self._searched, queries, count)
        more_scores, more_rows = _search_rows(self._more, queries, count)
        scores = np.concatenate([scores, more_scores], axis=1)
        rows = np.concatenate([rows, more_rows + self._index.ntotal], axis=1)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(rows, best, axis=1)


def _search_rows(index: Any, queries: Vectors, count: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """-> inner products and row numbers."""
    count = min(count, index.ntotal)
    if count == 0:
        return np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
    scores, rows = index.search(queries, count)
    return scores, np.asarray(rows, np.int64)


def search_on_one_thread() -> None:
    """Let FAISS search on the calling thread alone: waking others for one query costs more than the whole search."""
    import faiss

    faiss.omp_set_num_threads(1)  # OpenMP keeps this for each thread that calls it


def _on_gpu(index: Any) -> Any:
    """`index` moved to the first GPU, if this FAISS has GPU support and the machine a GPU; HNSW has no GPU form."""
    import faiss

    if (
        not hasattr(faiss, "StandardGpuResources")
        or faiss.get_num_gpus() == 0
        or not isinstance(index, faiss.IndexFlat)
    ):
        return index
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
