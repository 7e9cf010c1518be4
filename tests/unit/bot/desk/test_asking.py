"""What is a question in a help channel, in three writings.

`channel_messages.txt` holds what people write in such channels, thought up in batches before the words for them: a `+`
stands before what wants an answer. The words are held to most of it; a few that they get wrong are left in on purpose.
"""

import time
from pathlib import Path

import pytest

from bot.desk.asking import asks, asks_for_quiet

LINES = (Path(__file__).parent / "channel_messages.txt").read_text(encoding="utf-8").splitlines()
MESSAGES = [(line[2:], line.startswith("+")) for line in LINES]

QUESTIONS = [
    "How do I reset my password?",
    "is there a way to export all invoices as CSV",
    "do you ship to Norway",
    "which browsers are supported",
    "Hi all, where do I find the VAT number on the invoice? thanks",
    "sorry, how do I add a second address",
    "anyone know where to find the API key",
    "whats the max file size",
    "怎么修改收货地址",
    "支持货到付款吗",
    "请问发票在哪里下载",
    "我的快递到哪了",
    "怎麼更改配送地址",
    "可以用信用卡分期付款嗎",
    "請問有實體店面嗎",
    "發票要去哪裡開",
]
REQUESTS = [
    "please cancel my subscription",
    "I'd like to return a pair of shoes I bought last week",
    "I need help with setting up SSO",
    "help! I deleted my workspace",
    "tell me how to turn off notifications",
    "Could someone point me to the docs for webhooks",
    "求助，打印机连不上",
    "请帮我查一下订单",
    "想请教一下怎么升级",
    "想改一下收货人的名字",
    "想請教退貨流程",
    "想改取貨門市",
    "麻煩幫我查訂單",
]
TROUBLE = [
    'can\'t log in since this morning, it just says "invalid token"',
    "can’t open the file",  # with a typographic apostrophe
    "my order hasn't arrived yet, it's been 3 weeks",
    "The app crashes every time I open the settings page",
    "hello! I was charged twice this month.",
    "The download link doesn't work",
    "登录不上去，一直提示密码错误",
    "我的订单三天了还没发货",
    "验证码收不到",
    "手机换了号码，账号登不进去了",
    "我的帳號被鎖住了",
    "無法登入，一直轉圈圈",
    "商品寄來就壞掉了",
    "app一直閃退",
]
CHATTER = [
    "lol",
    "we shipped the new release yesterday, congrats team",
    "I'll take a look after lunch",
    "+1",
    "FYI the office is closed on Monday",
    "can't wait to try it",
    "I can't make it to the standup today",
    "no problem at all",
    "what a day",
    "when I get home I'll check the logs",
    "We use it at home too, which is nice",
    "I know how to fix this, give me a minute",
    "let me know if you have any questions",
    "我下午去处理",
    "新版本昨天上线了",
    "有问题随时找我",
    "没什么大事",
    "下週一放假",
    "文件已經更新了",
    "我知道怎麼處理，等等回你",
]
GREETINGS = ["Good morning everyone!", "hey there", "morning!", "大家早上好", "早", "大家早安", "晚安", "👋"]
THANKS = [
    "thanks, that worked",
    "Thank you so much 🙏",
    "thx",
    "收到，谢谢",
    "辛苦了",
    "謝謝你的幫忙",
    "好喔，感謝",
    "🎉",
]
STATEMENTS = [
    "The meeting moved to 4 pm",
    "I updated the doc with the new prices",
    "I think we should keep the old logo",
    "ok, merged",
    "Status update: https://status.example.com/incident?id=42 is resolved",
    "https://example.com/search?q=help",
    "今天的会议改到三点",
    "已经修好了",
    "已經處理好了",
    "新功能今天上線",
]


@pytest.mark.parametrize("text", QUESTIONS + REQUESTS + TROUBLE)
def test_a_question_a_request_and_a_report_of_trouble_ask(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", ["", " ", "…", *CHATTER, *GREETINGS, *THANKS, *STATEMENTS])
def test_chatter_greetings_thanks_and_statements_do_not(text: str) -> None:
    assert not asks(text)


def test_the_words_tell_nearly_all_of_what_people_write() -> None:
    heard = [(text, wanted, asks(text)) for text, wanted in MESSAGES]
    right = sum(wanted == got for _, wanted, got in heard)
    answered = [wanted for _, wanted, got in heard if got]
    assert len(heard) > 600
    assert right / len(heard) >= 0.97, [text for text, wanted, got in heard if wanted != got]
    assert sum(answered) / len(answered) >= 0.98, [text for text, wanted, got in heard if got and not wanted]


@pytest.mark.parametrize("text", [text for text, _ in MESSAGES if "?" in text and "http" not in text])
def test_a_question_mark_is_a_question_whatever_the_words(text: str) -> None:
    assert asks(text)


def test_a_wish_for_quiet_stands_alone() -> None:
    assert all(asks_for_quiet(text) for text in ("quiet", "QUIET!!", " Be quiet. ", "安静", "请安静！", "安靜～", "停"))
    assert not any(asks_for_quiet(text) for text in ("", "quiet mode?", "be quiet about it", "安静模式", "how quiet"))


@pytest.mark.parametrize(
    "text", ["!" * 40_000, ":" * 40_000, "a, " * 13_000, "啊，" * 13_000, "\n" * 40_000, "x " * 20_000]
)
def test_a_message_of_any_length_is_told_in_no_time(text: str) -> None:
    asks("warm up")
    started = time.perf_counter()
    asks(text)
    assert time.perf_counter() - started < 0.5
