"""The words that explain a match without naming anything that a picture could show. Nothing but the lists.

A word may be listed here if it would be harmless in a sentence about any picture: no thing, creature, place, colour, size,
number or time, and nothing that one of those could do. What calls up a picture in any of its meanings or forms is out:
"leaves", "suits", "sign", "light".
"""

# Taken exactly as written: particles, and words whose forms are irregular.
_INVARIABLE = """
    about above absent absolutely according account accurate accurately across actual actually additional additionally
    after against albeit alike all alone along already also although among another anything apart apparent apparently
    aren't around aside away based basis because before behind below beneath beside besides best better between beyond
    both broadly cannot can't certain certainly clear clearly close closely color colored colors colour coloured colours
    come comes common comparable complete completely concerning consistent correct correctly couldn't covered criteria
    definite definitely degree despite didn't different direct directly doesn't done don't during each either else
    enough entire entirely equal equally especially essential essentially even every everything exact exactly except
    explicit explicitly fairly found full fully further general generally given gives good hadn't hardly hasn't haven't
    held hence here high higher highly how however identical implicit implicitly incomplete inside instead intended
    irrelevant isn't itself judged judging known least less like likely limited literal literally loosely low lower made
    main mainly may meant meet meets merely met might minor more moreover most mostly much must namely near nearby
    nearly neither never no none nonetheless nor not notably nothing obvious obviously once only other others otherwise
    outside over overall own partial partially particular particularly partly per perfect perfectly perhaps plain
    plainly plausible points poor poorly possible possibly precise precisely present primarily probable probably purely
    quite rather reads reasonable reasonably regarding related relevant respect said same seen set shouldn't shown
    significant similar similarly simple simply since solely something somewhat sought specific specifically still
    strength strictly strong stronger strongest strongly sufficient supposedly sure tentative tentatively text
    themselves though through throughout thus together told too toward towards true truly type types ultimately
    uncertain unclear unconfirmed under undoubtedly unlike unlikely unmentioned unrelated unspecified unstated unsure
    until upon used using valid very via visible visibly wasn't weak weaker weakly weakness well weren't whatever
    whether whole wholly why within without won't wouldn't wrong yet
"""
# With their forms in -s, -ed and -ing: what one says about words and matches.
_INFLECTED = """
    absence agree align answer appear apply ask aspect assume attribute avoid belong caption capture category cite claim
    closeness clue combination combine concept concern conclude confidence confirm conflict consider contain content
    context contradict contrast convey correspond correspondence count criterion depict depiction derive describe
    description desire detail detect determine differ difference display doubt echo element evidence exactness exception
    exclude exist expect express fact fail favor favour feature fit fulfil fulfill highlight hint idea identify
    illustrate imply include indicate indication infer information interpret involve item kind lack likelihood look make
    match matter mean meaning mention miss name need note number object occur offer omit overlap part phrase portray
    possibility presence probability prove provide query rank reason refer reference relate relation relevance rely
    remain represent request require requirement resemblance resemble result reveal satisfy say scene score search see
    seem sense share show similarity specify state subject suggest support term thing 
    understand use user verdict verify want way weigh wish word wording
"""
INVARIABLE = frozenset(_INVARIABLE.split())
INFLECTED = frozenset(_INFLECTED.split())
