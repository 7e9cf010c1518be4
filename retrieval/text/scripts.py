"""The Unicode ranges that text is told apart by, as the inside of a regular expression's character class.

The only place that has any: use them as f"[{HAN}]".
"""

LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
CYRILLIC = "\u0400-\u052f"
HEBREW = "\u0590-\u05ff"
ARABIC = "\u0600-\u06ff\u0750-\u077f"
GREEK = "\u0370-\u03ff\u1f00-\u1fff"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
HIRAGANA = "\u3041-\u309f"
KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
KANA = HIRAGANA + KATAKANA

# What is read by its characters, for no spaces (in Korean: not only spaces) part its words; with 々 and 〇.
UNSPACED = f"\u3005\u3007{HAN}{HIRAGANA}\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f{HANGUL}"
# What takes the width of two letters, punctuation and full-width forms included.
WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
CIRCLED_NUMBERS = "①-⑳"
DOTTED_NUMBERS = "\u2488-\u249b"  # ⒈ to ⒛

# Soft hyphens, joiners, marks of direction, fillers, selectors of a variant, tags: they show nothing.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
SURROGATES = "\ud800-\udfff"
PRIVATE_USE = "\ue000-\uf8ff"  # symbol fonts: a bullet in most files
