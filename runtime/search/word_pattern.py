"""What a word is, as a pattern: letters with their marks, numbers with their signs; and the scripts without blanks."""

import re

# The combining marks of the scripts in use (Unicode's Mn and Mc, but for those that choose an emoji's form), and letters
# between them. Python's `\w` has no mark, and without them Hindi and Thai fall apart into letters.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711-\u07f3\u07fd\u0816-\u082d\u0859-\u085b\u0897-\u08e1\u08e3-\u0963"
    "\u0981-\u09e3\u09fe-\u0a75\u0a81-\u0ae3\u0afa-\u0b63\u0b82-\u0bd7\u0c00-\u0c63\u0c81-\u0c83\u0cbc-\u0d4d"
    "\u0d57-\u0d63\u0d81-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ece\u0f18-\u0f19\u0f35\u0f37\u0f39\u0f3e-\u0f84"
    "\u0f86-\u0fbc\u0fc6\u102b-\u103e\u1056-\u109d\u135d-\u135f\u1712-\u1734\u1752-\u17d3\u17dd\u180b-\u180d\u180f-\u193b"
    "\u1a17-\u1a1b\u1a55-\u1a7f\u1ab0-\u1abd\u1abf-\u1b44\u1b6b-\u1b73\u1b80-\u1bf3\u1c24-\u1c37\u1cd0-\u1cd2"
    "\u1cd4-\u1dff\u20d0-\u20dc\u20e1\u20e5-\u20f0\u2cef-\u2cf1\u2d7f-\u2dff\u302a-\u302f\u3099-\u309a\ua66f\ua674-\ua67d"
    "\ua69e-\ua6f1\ua802-\ua827\ua82c\ua880-\ua8c5\ua8e0-\ua8f1\ua8ff-\ua92d\ua947-\ua953\ua980-\ua9c0\ua9e5-\uaa4d"
    "\uaa7b-\uaac1\uaaeb-\uaaef\uaaf5-\uaaf6\uabe3-\uabea\uabec-\uabed\ufb1e\ufe00-\ufe0d\ufe20-\ufe2f"
    "\U000e0100-\U000e01ef"
    # past the first plane: Rohingya, Brahmi, Chakma, Newa, Maithili's, Modi, Gondi's two, Miao, Hmong, Wancho, Adlam
    "\U00010d24-\U00010d27\U00011000-\U00011002\U00011038-\U00011046\U00011100-\U00011102\U00011127-\U00011134"
    "\U00011145-\U00011146\U00011435-\U00011446\U000114b0-\U000114c3\U00011630-\U00011640\U00011d31-\U00011d45"
    "\U00011d47\U00011d8a-\U00011d97\U00016f4f-\U00016f92\U0001e130-\U0001e136\U0001e2ec-\U0001e2ef"
    "\U0001e944-\U0001e94a"
)
# Letters with their marks, and what joins them unseen (soft hyphen, ZWNJ, ZWJ, word joiner); apostrophes and hyphens between
# letters.
UNSEEN = "\u00ad\u2060"  # of these, what is no part of how a word is written
_LETTERS = rf"[^\W_](?:[\u200c\u200d{UNSEEN}]?(?:[^\W_]|[{MARKS}]))*"
# Signs within a number: 3.5, 10:30, 06/03/2021, 1/2, Arabic's own two, and a comma before three digits. "1,2" are two.
_WITHIN_NUMBER = r"(?<=\d)(?:[.:/\u066b\u066c](?=\d)|,(?=\d{3}(?!\d)))"
WORD = re.compile(rf"{_LETTERS}(?:(?:['’-]|{_WITHIN_NUMBER}){_LETTERS})*(?:(?<=\d)%)?")
# A word with what encloses its last letter, or chooses its form as an emoji: both go with the word that they stand behind.
WHOLE_WORD = re.compile(rf"({WORD.pattern})[\ufe0e\ufe0f\u20dd-\u20e0\u20e2-\u20e4]*")

# Chinese and Japanese; then Thai, Lao, Burmese and Khmer.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
UNSPACED = rf"{CJK}\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u0e80-\u0eb0\u0eb2-\u0edf\u1000-\u102a\u103f-\u1055\u1780-\u17b3"
