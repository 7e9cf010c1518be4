"""One retrieval, and eight askers at once, against plain sentence-transformers with FAISS, both in this run; and what a
question in another language costs beside an English one.

    python -m benchmarks.bench_retrieval [DOCUMENTS]

The plain side does the least that works: `encode` of the query at its defaults, then `IndexFlatIP.search` over one
vector a document ("question answer"). Ours is the product's own `retrieve` with the models of the settings: vectors of
question and passage, three BM25 fields, fusion and confidence, and a second model's vectors where the first is not sure
(`second_model_share` of the questions). Both are asked in turn, so that what else the machine does slows both.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.app import embedding_models_for
from bot.settings import load_settings
from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.models.weights import find_weights, load_sentence_transformer
from retrieval.search.retriever import FixedIndex, LiveRetriever

DOCUMENTS, QUERIES, ASKERS, TOP = 5000, 300, 8, 5

# As a page words it, and as a customer does.
_ACTIONS = [
    ("return", "send back"),
    ("cancel", "call off"),
    ("repair", "get someone to fix"),
    ("replace", "swap"),
    ("insure", "take out cover for"),
    ("rent", "lease"),
    ("sell", "get rid of"),
    ("store", "keep somewhere"),
    ("clean", "wash"),
    ("assemble", "put together"),
    ("pay for", "settle the bill for"),
    ("register", "sign up"),
    ("track", "follow the whereabouts of"),
    ("gift", "give away"),
    ("pre-order", "reserve early"),
    ("inspect", "have a look at"),
    ("recycle", "dispose of responsibly"),
    ("transport", "move"),
]
_THINGS = [
    ("bicycle", "bike"),
    ("sofa", "couch"),
    ("refrigerator", "fridge"),
    ("television", "TV set"),
    ("laptop", "notebook computer"),
    ("mattress", "bed"),
    ("camera", "digital SLR"),
    ("washing machine", "laundry appliance"),
    ("phone", "mobile"),
    ("guitar", "string instrument"),
    ("tent", "camping shelter"),
    ("carpet", "rug"),
    ("oven", "stove"),
    ("necklace", "piece of jewellery"),
    ("wheelchair", "mobility aid"),
    ("printer", "inkjet"),
    ("boat", "dinghy"),
    ("heater", "radiator"),
    ("drone", "quadcopter"),
    ("stroller", "pram"),
]
_CASES = [
    ("from abroad", "when I live overseas"),
    ("without a receipt", "if I lost the proof of purchase"),
    ("on a public holiday", "at Christmas"),
    ("as a company", "for my business"),
    ("after the warranty has ended", "once the guarantee is over"),
    ("in instalments", "bit by bit"),
    ("for a minor", "for my child"),
    ("with a voucher", "using a coupon"),
    ("before delivery", "while it has not arrived"),
    ("twice", "a second time"),
    ("in an emergency", "when it is urgent"),
    ("at a branch", "in one of your shops"),
    ("by post", "through the mail"),
    ("at night", "after dark"),
]
_CLAUSES = [
    "Open your account page and choose the entry you are looking for.",
    "Our team looks at every case within two working days and writes to you with the result.",
    "Keep the original packaging, since the courier takes nothing that is wrapped in paper alone.",
    "There is no charge within the first month; later a small handling fee applies.",
    "The confirmation mail holds a link that stays valid until the end of the following week.",
    "You need the number of the order and the address it was sent to.",
]
# The same in Chinese.
_ACTIONS_ZH = [
    ("退货", "退掉"),
    ("取消", "不要了"),
    ("维修", "找人修"),
    ("更换", "换一个"),
    ("投保", "买保险"),
    ("租用", "租借"),
    ("出售", "卖掉"),
    ("寄存", "存放"),
    ("清洗", "洗干净"),
    ("组装", "装起来"),
    ("付款", "结账"),
    ("注册", "登记"),
    ("查询物流", "看看送到哪了"),
    ("赠送", "送人"),
    ("预订", "提前留货"),
    ("回收", "处理掉"),
]
_THINGS_ZH = [
    ("自行车", "单车"),
    ("沙发", "长椅"),
    ("冰箱", "冷柜"),
    ("电视机", "电视"),
    ("笔记本电脑", "手提电脑"),
    ("床垫", "床褥"),
    ("相机", "照相机"),
    ("洗衣机", "洗衣设备"),
    ("手机", "移动电话"),
    ("吉他", "六弦琴"),
    ("帐篷", "露营帐"),
    ("地毯", "毯子"),
    ("烤箱", "炉子"),
    ("项链", "首饰"),
    ("轮椅", "代步工具"),
    ("打印机", "喷墨机"),
]
_CASES_ZH = [
    ("在国外的时候", "人在海外"),
    ("没有收据的情况下", "小票丢了"),
    ("在节假日", "过年期间"),
    ("以公司名义", "给单位"),
    ("过了保修期以后", "质保到期了"),
    ("分期", "分几次"),
    ("为未成年人", "给孩子"),
    ("使用优惠券", "用代金券"),
    ("在发货之前", "还没寄出"),
    ("紧急的时候", "很着急"),
    ("在门店", "到实体店"),
    ("通过邮寄", "寄快递"),
]
_CLAUSES_ZH = [
    "请打开账户页面，选择您要找的条目。",
    "我们的同事会在两个工作日内查看，并把结果告诉您。",
    "请保留原包装，快递员不收只用纸包的东西。",
    "第一个月内免费，之后收取少量手续费。",
    "确认邮件里有一个链接，到下周末之前有效。",
    "您需要提供订单号和收货地址。",
]
MOST_CHINESE = len(_ACTIONS_ZH) * len(_THINGS_ZH) * len(_CASES_ZH)
Query = tuple[str, str]  # its text, and the URL of the document that answers it


def make_documents(count: int) -> tuple[list[Document], list[Query]]:
    """`count` pairs, and QUERIES questions about some of them in other words."""
    rng = random.Random(5)
    combinations = list(itertools.product(_ACTIONS, _THINGS, _CASES))
    documents, queries = [], []
    for number, (action, thing, case) in enumerate(rng.sample(combinations, count)):
        url = f"https://bench.test/#q{number}"
        question = f"How do I {action[0]} a {thing[0]} {case[0]}?"
        answer = " ".join(rng.sample(_CLAUSES, rng.randint(1, 4)))
        documents.append(Document(url, question, f"To {action[0]} a {thing[0]}: {answer}", language="en"))
        words = (action[rng.random() < 0.5], thing[rng.random() < 0.5], case[rng.random() < 0.5])
        queries.append((rng.choice(["can I {} a {} {}", "I want to {} my {} {}", "{} {} {}?"]).format(*words), url))
    return documents, rng.sample(queries, min(QUERIES, count))


def make_chinese(count: int) -> tuple[list[Document], list[Query]]:
    """The same in Chinese."""
    rng = random.Random(5)
    combinations = list(itertools.product(_ACTIONS_ZH, _THINGS_ZH, _CASES_ZH))
    documents, queries = [], []
    for number, (action, thing, case) in enumerate(rng.sample(combinations, count)):
        url = f"https://bench.test/zh#q{number}"
        answer = "".join(rng.sample(_CLAUSES_ZH, rng.randint(1, 4)))
        documents.append(Document(url, f"{case[0]}怎么{action[0]}{thing[0]}？", f"{thing[0]}：{answer}", language="zh"))
        words = (action[rng.random() < 0.5], thing[rng.random() < 0.5], case[rng.random() < 0.5])
        queries.append((rng.choice(["{2}能{0}{1}吗", "我想{2}{0}{1}", "{1}{2}{0}？"]).format(*words), url))
    return documents, rng.sample(queries, min(QUERIES, count))


class Plain:
    """sentence-transformers and FAISS, as their first pages show them."""

    def __init__(self, documents: Sequence[Document], model: Any) -> None:
        import faiss

        self._model = model
        rows = np.asarray(model.encode([f"{d.question} {d.answer}" for d in documents], show_progress_bar=False))
        self._index = faiss.IndexFlatIP(rows.shape[1])
        self._index.add(rows)
        self._urls = [document.url for document in documents]

    def search(self, text: str) -> list[str]:
        """The URLs of the nearest documents."""
        _, places = self._index.search(np.asarray(self._model.encode([text], show_progress_bar=False)), TOP)
        return [self._urls[place] for place in places[0]]


@dataclass
class Asked:
    """What questions took, in milliseconds, and how many were answered among the first TOP."""

    took: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)

    def add(self, started: float, urls: Collection[str], wanted: str) -> None:
        """One more."""
        self.took.append((time.perf_counter() - started) * 1000)
        self.hits.append(wanted in urls)

    def percentile(self, share: float) -> float:
        """The time that this share of the questions kept within."""
        return float(np.quantile(self.took, share))


def run(documents: int = DOCUMENTS) -> dict[str, float]:
    """-> milliseconds, questions a second with eight askers, hit@5, and the ratios of both sides."""
    pairs, queries = make_documents(documents)
    models = embedding_models_for(load_settings())
    with tempfile.TemporaryDirectory() as cache:
        plain = Plain(pairs, load_sentence_transformer(find_weights("", Path(cache))))
    english = FixedIndex(build_index(pairs, models))
    chinese_pairs, chinese_queries = make_chinese(min(documents, MOST_CHINESE))
    chinese = FixedIndex(build_index(chinese_pairs, models))

    def fresh(index: FixedIndex) -> LiveRetriever:  # one that remembers no question's vector
        return LiveRetriever(index, models)

    theirs, ours, second = asyncio.run(_beside_plain(plain, fresh(english), queries))
    own, others = asyncio.run(_in_turn(fresh(english), queries, fresh(chinese), chinese_queries))
    plain_rate = _plain_at_once(plain, queries)
    our_rate = asyncio.run(_ours_at_once(fresh(english), queries))
    return {
        "documents": len(pairs),
        "plain_ms": theirs.percentile(0.5),
        "plain_p95_ms": theirs.percentile(0.95),
        "our_ms": ours.percentile(0.5),
        "our_p95_ms": ours.percentile(0.95),
        "single_times_faster": theirs.percentile(0.5) / ours.percentile(0.5),
        "second_model_share": second,
        "plain_per_second": plain_rate,
        "our_per_second": our_rate,
        "concurrent_times_throughput": our_rate / plain_rate,
        "plain_hit5": statistics.mean(theirs.hits),
        "our_hit5": statistics.mean(ours.hits),
        "hit5_lost": statistics.mean(theirs.hits) - statistics.mean(ours.hits),
        "chinese_documents": len(chinese_pairs),
        "chinese_ms": others.percentile(0.5),
        "chinese_p95_ms": others.percentile(0.95),
        "chinese_hit5": statistics.mean(others.hits),
        "chinese_to_english": others.percentile(0.5) / own.percentile(0.5),
    }


async def _beside_plain(plain: Plain, retriever: LiveRetriever, queries: Sequence[Query]) -> tuple[Asked, Asked, float]:
    """-> what plain and we took, and the share of the questions for which we read a second model's vectors, too."""
    theirs, ours, second = Asked(), Asked(), 0
    await _warm(retriever)
    plain.search("warm up")
    for text, url in queries:
        started = time.perf_counter()
        theirs.add(started, plain.search(text), url)
        started = time.perf_counter()
        result = await retriever.retrieve(text, limit=TOP)
        ours.add(started, _urls(result), url)
        second += len({name.partition(":")[2] for name in result.features if ":" in name}) > 1
    return theirs, ours, second / len(queries)


async def _in_turn(
    one: LiveRetriever, queries: Sequence[Query], other: LiveRetriever, others: Sequence[Query]
) -> tuple[Asked, Asked]:
    asked = Asked(), Asked()
    for retriever in (one, other):
        await _warm(retriever)
    for pair in zip(queries, others, strict=False):
        for retriever, (text, url), took in zip((one, other), pair, asked, strict=True):
            started = time.perf_counter()
            result = await retriever.retrieve(text, limit=TOP)
            took.add(started, _urls(result), url)
    return asked


async def _warm(retriever: LiveRetriever) -> None:
    for text in ("What do you sell?", "你们卖什么？"):
        await retriever.retrieve(text)


def _urls(result: RetrievalResult) -> set[str]:
    return {scored.passage.document.url for scored in result.passages}


def _plain_at_once(plain: Plain, queries: Sequence[Query]) -> float:
    with ThreadPoolExecutor(ASKERS) as askers:
        list(askers.map(plain.search, [text for text, _ in queries[:ASKERS]]))  # every thread has started
        started = time.perf_counter()
        list(askers.map(plain.search, [text for text, _ in queries]))
        return len(queries) / (time.perf_counter() - started)


async def _ours_at_once(retriever: LiveRetriever, queries: Sequence[Query]) -> float:
    """Each question once: vectors of questions are remembered."""
    await _warm(retriever)
    remaining = iter(queries)

    async def asker() -> None:
        for text, _ in remaining:
            await retriever.retrieve(text, limit=TOP)

    started = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(ASKERS)))
    return len(queries) / (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2))
