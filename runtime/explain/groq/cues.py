"""The words by which is told what a sentence affirms, denies and says that the query asks for. Nothing but the lists."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Idioms, and what they are read as, before anything else.
IDIOMS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\bno (?:sign|trace|hint|mention) of\b", "no"),
        (r"\bmak(?:es|ing) no (?:mention of|reference to)\b", "does not mention"),
        (r"\bleav(?:es|ing|e) out\b", "omits"),
        (r"\bleft out\b", "omitted"),
        (r"\b(?:anything|all|everything) but\b", "not"),
        (r"\bat all\b|\bby name\b|\bof course\b", ""),
        (r"\b(this|that) one\b", r"\1"),
        (r"\bthe one (?=you\b|that\b|which\b)", "the thing "),
        (r"^(?:yes|no|sorry|well|indeed), ", ""),
        (r"\bwrong (colou?r|number|count|kind|time|place)\b", r"different \1"),
        (r"\bright (colou?r|number|count|kind|time|place|subject)\b", r"matching \1"),
        (r"\blooks right\b", "matches"),
        (r"\bthanks to\b", "because of"),
        (r"\bgoing by\b|\bjudging by\b", "according to"),
        (r"\bbacks (?:this|it|that) up\b", "confirms this"),
        (r"\brul(?:es|ing) out\b", "excludes"),
        (r"\bhalf of\b", "part of"),
        (r"\bin full\b", "fully"),
        (r"\bin (?:keeping|line|agreement|accordance) with\b", "matching"),
        (r"\b(?:speaks|tells|is) (?:(only) )?(?:of|about)\b", r"mentions \1"),
        (r"\b(?:neither|none) of (?:which|them|these|those) (?:is|are)\b", "not"),
        (r"\ball that (?:is|was|are) (described|mentioned|shown|named|said|there|visible)\b", r"only \1"),
    )
)
# Read as one word, in capitals, before a sentence is taken apart; the first that fits wins.
_ASKING = r"(?:ask|search|look|want|request|need|describ|seek|sought|specif|wish|desir|hop|expect|mean|meant|order)\w*"
_YOU = r"(?:you|the (?:query|request|search|person|user))(?:'re|'ve|'d| are| were| had| have| was| is)?(?: \w+ly)?"
_END = r"(?=\s*(?:[.,;:!()—–-]|$|\b(?:but|and|because|since|as|so|though|although|while|yet|here|is|was)\b))"
_VISIBLE = r"(?:there|here|present|visible|in (?:the|this) (?:picture|image|photo))"
_NONE = r"(?:nothing|nobody|no one|none|no (?:thing|object|subject))"
_EXCEPT = (
    r"(?:except(?:ing)?(?: for)?|save(?: for)?|apart from|aside from|other than|besides|beyond|excluding"
    r"|(?:without|not) counting|with the exception of)\b(?!,)"
)
READ_AS_ONE = tuple(
    (re.compile(pattern), f" {word} ")
    for pattern, word in (
        (r"\b(can|wo|sha)n't\b|\bcannot\b", "can not"),
        (r"n't\b", " not"),
        (
            rf"\bthe ((?:(?!\bthe\b)[^.,;:!?]){{1,40}}?) (?:that|which) (?:is|are)(?: \w+ly)? {_VISIBLE}\b",
            r"it , and there is \1",
        ),
        (rf"\b{_NONE}\b([^.;:!?]*?)\b{_EXCEPT}", r"CERTAIN\1"),  # what is excepted from nothing is there
        (rf"\b{_EXCEPT}([^.;:!?]*?),? {_NONE}\b", r"\1 CERTAIN"),
        (r"\bnothing (?:but|less than|short of|other than)\b|\bnone other than\b|\bno less than\b", "CERTAIN"),
        (r"\bno (?:other|single) \w+|\bnothing else\b(?: than)?", "CERTAIN"),
        (r"\b(?:no|without (?:a|any|the least)?|beyond (?:a|any|all)?|not) ?(?:doubt|question)\b(?: that)?", "CERTAIN"),
        (r"\bas well as\b|\balong with\b|\btogether with\b", "and"),
        (r"\bnot (?:only|just|merely|simply|solely)\b", "ALSO"),
        (r"\b(?:instead of|rather than|as opposed to|in place of|far from|different from|unlike|other than)\b", "INSTEAD"),
        (
            r"\b(?:something|anything|everything) else\b|\b(?:another|a different|the wrong) (?:thing|subject|object)\b",
            "OTHER",
        ),
        (rf"\b(?:all|everything)(?: that)? {_YOU} {_ASKING}(?: for| after)?{_END}", "all ASKEDFOR"),
        (rf"\b(?:as|just as|what|that) {_YOU} {_ASKING}(?: for| after)?{_END}", "ASKEDFOR"),
        (r"\bwhat (?:was|is) (?:\w+ly )?(?:asked for|wanted|requested|searched for|sought|needed|desired)\b", "ASKEDFOR"),
        (rf"\bas (?:\w+ly )?(?:requested|asked|wanted|desired|sought|specified|required|searched for){_END}", "ASKEDFOR"),
    )
)
DENYING = _words("no not without neither nor never none nothing nowhere hardly INSTEAD except")
# Words that deny by themselves, and turn into an affirmation after a word of `DENYING`: "nothing is missing".
LACKING = _words("""
    lack lacks lacking lacked miss misses missing missed omit omits omitted omitting fail fails failed failing exclude
    excludes excluded excluding absent absence unmentioned unconfirmed unstated unspecified unmet unmatched unfulfilled
    exception omission
""")  # fmt: skip
REJECTING = _words("""
    unlikely unrelated irrelevant wrong differ differs different differed contradict contradicts contradicted contrary
    mismatch conflict conflicts conflicting incorrect mismatched another OTHER poor poorly outside
""")  # fmt: skip
# After a denying word each of these makes the denial an affirmation: "no doubt", "no better match", "not to be mistaken".
TURNING = LACKING | REJECTING | _words("""
    doubt doubts doubted question uncertainty uncertain unclear unsure difference differences contradiction better
    closer clearer stronger more less least but short error mistake mistaken weak weaker wrongly denied deny
""")  # fmt: skip
BOUNDARY = _words("""
    but however yet although though while whereas because since so which who where when thus therefore hence nonetheless
    still despite nevertheless conversely as moreover also ALSO instead
""")  # fmt: skip
CONTRAST = _words(
    "but however yet although though while whereas only INSTEAD still despite nonetheless nevertheless conversely albeit"
)
MATCHING = _words("""
    match matches matching matched fit fits fitting fitted correspond corresponds corresponding satisfy satisfies
    satisfied satisfying meet meets met fulfil fulfils fulfill fulfills fulfilled answer answers answered align aligns
    aligned agree agrees relate relates related relevant relevance correct ASKEDFOR right suit suits overlap overlaps
    resemble resembles covers covered suitable
""")  # fmt: skip
WHOLE = _words("""
    all every everything each fully entirely completely complete whole wholly exact exactly exactness perfect perfectly
    precise precisely identical full totally throughout equal equally accurate accurately literally
""")  # fmt: skip
CERTAIN = _words("""
    certain certainly definite definitely undoubtedly perfect perfectly sure obviously obvious unquestionably clearly
    truly plainly indeed
""")  # fmt: skip
PRAISING = _words("""
    strong strongly stronger strongest good well close closely clear clearly high highly very certain certainly definite
    definitely sure best better excellent ideal nicely
""")  # fmt: skip
BELITTLING = _words("""
    weak weakly weaker weakness poor poorly partial partially partly loose loosely limited low lower unlikely doubtful
    tentative tentatively uncertain unsure unclear possible possibly perhaps might incomplete merely somewhat
""")  # fmt: skip
HEDGING = BELITTLING | _words("only some may part parts likely plausible probably reasonable reasonably could broadly")
# Who speaks, and of what: the words are the caption's, or the query's; anything else is said of the picture.
OF_CAPTION = _words("""
    caption captioned describe describes described describing description mention mentions mentioned mentioning text say
    says said state states stated name names named naming word words wording cite cites read reads specify specifies
    specified told phrase explicit explicitly literal literally unmentioned unstated unspecified refer refers reference
""")  # fmt: skip
SHOWING = _words("""
    show shows shown showing depict depicts depicted depicting feature features featured featuring contain contains
    contained containing include includes included including has have had display displays displayed portray portrays
    portrayed present visible seen there found appear appears appearing illustrate illustrates capture captures captured
    support supports supported suggest suggests suggested indicate indicates indicated confirm confirms confirmed
    identify identifies identified note noted highlight highlights highlighted convey conveys given set reveal reveals
    exist exists exhibit speak speaks evident apparent point points listed covered covers
""")  # fmt: skip
PRESENT_AFTER_DENIAL = (OF_CAPTION | SHOWING | _words("in part among clear here used")) - _words("has have had")
COPULAS = _words("is are was were be been being remains remain goes go seems seem stays")
FINITE = COPULAS | _words("""
    does do did can may might could would will has have had shows depicts mentions describes contains includes features
    says names states matches fits appears asks wants reads lacks corresponds satisfies portrays displays omits misses
""")  # fmt: skip
REPORTERS = _words("caption picture image photo photograph scene this it there that they these you query request search")
ASKING_NOUNS = _words("query request search question")
ASKING_VERBS = _words("""
    ask asks asked asking want wants wanted search searched searches searching look looked looking request requests
    requested need needs needed seek seeks sought specify specifies specified require requires required wish wished
    wishes desired named names describes described mentions mentioned calls mean meant expect expects expected hoped
    avoid excluded typed said gave
""")  # fmt: skip
ASKERS = _words("you query request search person user who i")
AFTER_ASKING_NOUN = _words("for of OF is was about reads")
ADVERBS = _words("explicitly clearly directly even actually itself really also specifically at all anywhere to be")

# What speaks to the reader: a command as the first word, or any of these outside quotation marks and not in the caption.
COMMANDS = _words("""
    always do let please trust turn vote look leave answer buy call check claim click complete confirm contact copy
    deposit dial donate download email enter fill follow forward give go install join keep log login open order pay
    phone post press print provide read register reply respond run save scan see send share show sign speak stop
    subscribe submit tap tell text tip transfer trust try type update upgrade use verify view visit win wire write
""")  # fmt: skip
REACHING = _words("""
    account bank bitcoin card code crypto invoice link locked login money password payment phone pin prize refund site
    urgent url wallet website win winner www
""")  # fmt: skip
# A query with one of these speaks, instead of describing a picture. Its words are shown in quotation marks alone.
SPEAKING = _words("""
    you your us we our now today tomorrow tonight please must do not dont is are was were has have will say says said
    tell never always need needs should
""")  # fmt: skip
ORDERS = COMMANDS - _words("show see give look check open view copy card phone sign share print")
# What "your" may stand before; and before what "you" may stand: verbs of wanting.
YOURS = _words("query request search words word wording question description criteria terms term wish needs phrase input")

# --- of the verdict ---

REJECTING_WHOLLY = _words("unlikely unrelated irrelevant wrong OTHER poor")
DIFFERING = REJECTING - REJECTING_WHOLLY  # of a weak match: a part of it does not agree
DOUBTING = _words("uncertain doubtful unsure unclear unlikely whether")
ATTRIBUTES = _words("color colors colour colours number numbers count counts many amount location place")
MAYBE = _words("may might possible possibly perhaps likely plausible could probable probably")
OF_VERDICT = MATCHING | _words("probability likelihood evidence verdict result chance confidence strength")
UNWANTED = _words("avoid avoided omitted omits exclude excluded out without")
RESTRICTING = _words("only merely solely")
TOTAL = _words("nothing none neither")

# --- of what is told ---

HAVING = _words("""
    has have lists shows mentions describes includes contains names states says depicts features displays show mention
    include contain gives confirms
""")  # fmt: skip
TELLING = _words("""
    shows shown depicts depicted features featured contains contained includes included displays displayed present
    visible found appears mentions mentioned describes described names named states stated says confirms confirmed
    covered captured captures portrays portrayed seen
""")  # fmt: skip
# Nouns for a text, which tell nothing by themselves.
TEXTS = _words("caption text word words wording phrase explicit literal")
ASKED_FOR = _words("asked requested wanted searched sought needed desired required")
LACKING_AFTER_COPULA = LACKING - _words("exception omission absence")
AUXILIARIES = _words("are were had have might may did do would could really also not actually specifically")
