"""The words that explain a match without naming anything that a picture could show. Nothing but the lists.

A word may be listed here if it would be harmless in a sentence about any picture: no thing, creature, place, colour, size,
number or time, and nothing that one of those could do. What calls up a picture in any of its meanings or forms is out:
"leaves", "suits", "sign", "light".
"""

# Taken exactly as written: particles, and words whose forms are irregular.
_INVARIABLE = """
    about above absent absolutely accompanied according account accurate accurately across actual actually additional
    additionally after against albeit alike all alone along already also although among another anything anywhere apart
    apparent apparently aren't around aside away based basis because before behind below beneath beside besides best
    better between beyond both broadly can't cannot certain certainly clear clearly close closely color colored colors
    colour coloured colours come comes common comparable complete completely concerning consistent contrary conversely
    correct correctly couldn't covered covers criteria decent definite definitely degree despite didn't different direct
    directly doesn't don't done during each either else elsewhere enough entire entirely equal equally especially
    essential essentially even every everything exact exactly excellent except explicit explicitly fairly found full
    fully further general generally given gives good hadn't hardly hasn't haven't held hence here high higher highly how
    however ideal identical implicit implicitly incomplete incorrect incorrectly indeed inside instead intended interest
    irrelevant isn't itself judged judging known least less like likely limited literal literally located location
    loosely low lower made main mainly may meant meet meets merely met might minor mismatched more moreover most mostly
    much must namely near nearby nearly neither never nevertheless nicely no none nonetheless nor not notably nothing
    nowhere obvious obviously once only other others otherwise outside over overall own partial partially particular
    particularly partly per perfect perfectly perhaps pictured placed places plain plainly plausible plus points poor
    poorly positioned possible possibly precise precisely present primarily probable probably purely puts question quite
    rather reads reasonable reasonably regarding related relevant respect retrieved returned said same seen set
    shouldn't shown significant similar similarly simple simply since situated solely something somewhat sought specific
    specifically still strength strictly strong stronger strongest strongly sufficient suitable supposedly sure
    tentative tentatively text themselves therefore though through throughout thus together told too toward towards true
    truly type typed types ultimately uncertain unclear unconfirmed under undoubtedly unfortunately unfulfilled unlike
    unlikely unmatched unmentioned unmet unrelated unspecified unstated unsure until upon used using valid very via
    visible visibly wasn't weak weaker weakly weakness well weren't whatever whereas whether whole wholly why within
    without won't wouldn't wrong yet
"""
# With their forms in -s, -ed and -ing: what one says about words and matches.
_INFLECTED = """
    absence agree align answer appear apply ask aspect assume attribute avoid belong caption capture category cite claim
    closeness clue combination combine component concept concern conclude confidence confirm conflict consider contain
    content context contradict contrast convey correspond correspondence count criterion depict depiction derive
    describe description desire detail detect determine differ difference display doubt echo element evidence exactness
    exception exclude exist expect express fact fail favor favour feature fit fulfil fulfill highlight hint idea
    identify illustrate imply include indicate indication infer information interpret involve item keyword kind lack
    likelihood line list look make match matter mean meaning mention mismatch miss name need note number object occur
    offer omit overlap part phrase portion portray possibility presence probability prove provide query rank reason
    refer reference relate relation relevance rely remain represent request require requirement resemblance resemble
    result reveal satisfy say scene score search see seem sense share show similarity specify state subject suggest
    support term thing understand use user verdict verify want way weigh wish word wording
"""
INVARIABLE = frozenset(_INVARIABLE.split())
INFLECTED = frozenset(_INFLECTED.split())
