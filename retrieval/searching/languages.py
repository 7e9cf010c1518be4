"""Which languages an embedder knows: measured, because a model takes any text and a model card may say anything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from retrieval.indexing.glossing import GlossingEmbedder
from retrieval.interfaces import Embedder

# The same twelve questions, worded twice in each language with as few words or characters in common as may be.
_PROBES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        (
            "I want my money back",
            "Where is my parcel?",
            "I cannot remember my password",
            "Is it safe to give you my details?",
            "The app keeps crashing",
            "How do I close my account?",
            "Can I speak with a person?",
            "What does it cost?",
            "Can my kids use it?",
            "Do you have it in red?",
            "When are you open?",
            "I was billed twice",
        ),
        (
            "How to get a refund",
            "Tracking your delivery",
            "Resetting forgotten login credentials",
            "How we protect personal data",
            "Fixing software that stops unexpectedly",
            "Deleting a user profile",
            "Contacting customer support staff",
            "Prices and fees",
            "Minimum age for children",
            "Available colours",
            "Business hours",
            "Duplicate charges on a statement",
        ),
    ),
    "zh": (
        (
            "钱能还给我吗",
            "包裹到哪了",
            "我想不起登录口令了",
            "把资料给你们安全吗",
            "软件老是闪退",
            "怎么注销",
            "能找真人聊聊吗",
            "这个多少钱",
            "小孩能用吗",
            "有没有红的",
            "你们几点开门",
            "同一笔被扣了两次",
        ),
        (
            "如何申请退款",
            "查询物流配送进度",
            "忘记密码后的重置方法",
            "我们怎样保护个人隐私",
            "应用程序意外崩溃的解决办法",
            "删除账户的步骤",
            "联系客服人员",
            "收费标准与价格",
            "儿童的最低年龄要求",
            "可选颜色",
            "营业时间",
            "重复收费的处理",
        ),
    ),
}
KNOWN_FROM = 0.7  # share of the probes found; chance is 1/12


class LanguageProbe:
    """What `embedder` knows; each pair of languages is measured when first asked for, in some 20 ms."""

    def __init__(self, embedder: Embedder) -> None:
        self._glosses = isinstance(embedder, GlossingEmbedder)
        self._embedder = embedder.inner if isinstance(embedder, GlossingEmbedder) else embedder
        self._share = lru_cache(maxsize=None)(self._measure)

    def knows(self, query_language: str, document_language: str) -> bool:
        """Whether a question in one language finds its like in the other by its vector.

        Japanese and Korean are judged by Chinese, every other language by English.
        """
        return self._share(_probed(query_language), _probed(document_language)) >= KNOWN_FROM

    def glosses(self, query_language: str, document_language: str) -> bool:
        """Whether what the embedder does not know is glossed for it."""
        return self._glosses and "zh" in (pair := {query_language, document_language}) and pair <= {"zh", "en"}

    def _measure(self, query_language: str, document_language: str) -> float:
        queries = self._embedder.embed_queries(_PROBES[query_language][0])
        documents = self._embedder.embed_documents(_PROBES[document_language][1])
        nearest = np.argmax(queries @ documents.T, axis=1)
        return float(np.mean(nearest == np.arange(len(nearest))))


def _probed(language: str) -> str:
    return "zh" if language in {"zh", "ja", "ko"} else "en"
