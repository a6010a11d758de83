"""Words for what pictures show, in six languages: one of them is enough to tell that a short query is not English.

Owns the words alone; `language.py` counts them. They are in plain letters: accents are left out of texts first.
None is an entry of BERT's English vocabulary, which has what is frequent in English texts, foreign words and names among it:
no "casa", no "chat", no "rot". Words that English menus, places and names have are left out by hand: no "vino", no "playa".
"""

_TELLING_WORDS = {
    "es": """
        abeja almuerzo amanecer amarilla amarillas amarillos anochecer antiguo arbol arboles atardecer avion
        aviones azules bailando barco barcos bebiendo bicicleta bicicletas blancas blancos boda bodas botella
        caballo caballos calles caminando camion camiones camisa carretera carro cascada cerdo cesped cielo
        ciudades coche coches cocina cocinando comida comiendo corriendo cuarto cuatro cumpleanos desayuno
        desierto diez dormida dormido durmiendo edificio edificios elefante fresa fresas gafas gata gatito gato
        globos grises habitacion helado hermana hermano hermanos hermoso hierba hija hijas hijo hijos hoja hojas
        hombre hombres huevo iglesia invierno jardines joven jovenes jugando juguete juguetes leyendo libro
        libros llena lleno lluvia manos manzana manzanas montanas montando morada morado mujer mujeres nadando
        naranjas negras nieve ninas ninos noche novia novio nube nueve ojos otono oveja ovejas pajaro pajaros
        paraguas peces pequena pequeno perra perrito perro pescado piedra platano puente puentes puertas reloj
        roja rojo rojos saltando sentada sentado serpiente siete silla sillas sonriendo sonrisa tienda tiendas
        tormenta tren trenes uvas vacas vacia vacio ventanas verano verdes vestido vieja viejas viejo viejos
        viento zapatos
    """,
    "pt": """
        abelha almoco amanhecer amarela amarelas amarelo amarelos andando aniversario anoitecer antiga antigo
        areia arvore arvores aviao avioes azuis balao baloes barco barcos bebendo bebes bicicleta bicicletas
        borboleta brancas brancos brincando brinquedo brinquedos cabelo cabelos cachoeira cachorro cachorros
        cadeira cadeiras caes caminhao caminho caminhoes camisa carro carros casamento casamentos cavalo cavalos
        cerveja ceu chapeu cheia cheio chuva cidade cidades cinza cinzento coelho comendo comida correndo
        cozinha cozinhando crianca criancas dancando deserto dormindo edificio elefante entardecer escola
        estrela estrelas feijao filha filho filhos floresta florestas folha folhas frango galinha garrafa gata
        gatinho gato gatos homem homens igreja igrejas inverno irmao janela janelas jardim jardins jogando jovem
        jovens laranja laranjas leao leite lendo livro livros lojas macaco maos menina meninas menino meninos
        montanha montanhas morango morangos mulher mulheres nadando navio noite noiva noivo nove nuvem nuvens
        oculos oito olhos onibus outono ovelha ovelhas ovos passaro passaros pedra peixe peixes pequena pequeno
        pequenos praca praia praias predio predios pretas preto pretos pulando quatro queijo relogio rosto roxa
        roxo rua ruas sapatos sentada sentado sorrindo sorriso sorvete tartaruga tempestade trem trens uvas
        vacas vazia vazio velha velhas velhos vento verao verdes vermelha vermelhas vermelho vermelhos vestido
        vinho xicara
    """,
    "it": """
        aerei aereo alberi albero amica antica antico arance arancia arancione autunno azzurra azzurro bambina
        bambine bambini barche bevendo bicchiere bicchieri bicicletta biciclette boschi bottiglia cagnolino
        camicia camminando campi cani capelli cappello cascata cavalli cavallo chiesa chiese cibo cielo citta
        colazione compleanni compleanno coniglio corre correndo deserto dieci dorme dormendo edifici edificio
        farfalla figli figlia figlio finestra finestre fiori fiume foglia foglie foresta formaggio fragola
        fragole fratello gatta gattino gatto gialla gialle gialli giardino gioca giocando giocano giocattoli
        giocattolo giovane giovani grigia innevata innevato inverno legge leggendo libri libro macchina macchine
        maiale mangiando marrone matrimoni matrimonio mercato montagna montagne mucca mucche natale negozi
        negozio neonato nere neri nonni notte nove nuotando nuovo nuvola nuvole occhi occhiali ombrello orologio
        paese palla palloncini palloncino pecora pecore pesce pesci piccoli piena pieno pietra pietre pioggia
        pranzo ragazza ragazze ragazzi ragazzo rossa sabbia scarpe scimmia scuola sedia sedie seduta seduto
        sentiero serpente sorella sorridente sorriso spiagge spiaggia sposa sposo stelle tartaruga tavolo tazza
        tempesta tramonti tramonto treni treno uccelli uccello uomini uomo uova uovo vecchi vento vestito vuota
        vuoto
    """,
    "fr": """
        abeille ancienne anniversaire anniversaires arbre arbres assis assise automne avions batiment batiments
        biere blanches blancs bleue bleues bleus bouteille buvant chaises chaton chatons chaussures chemin
        chevaux cheveux chien chienne chiens chiot ciel cinq cochon coucher dejeuner dorment eglise eglises
        enfants enneige enneigee famille femmes fenetre fenetres feuille feuilles fille filles fleurs fleuve
        foret forets fraise fraises fromage garcons grands grise herbe hiver hommes huit immeuble jardins jaune
        jaunes jeune jeunes jouant jouent jouet jouets lait lisant livres lunettes maisons mangeant marchant
        mariage mariages mariee montagne montagnes moutons nageant navire neige noires nourriture nuage nuages
        oeuf oeufs oiseau oiseaux orage parapluie pierres plage plages pleine pluie poissons ponts portes poulet
        printemps quatre repas soupe souriant sourire souris tortue vache vaches velos verte vertes viande vieil
        vieille vieilles voiture voitures yeux
    """,
    "de": """
        abendessen aepfel affe augen baeume baume berge biene blaetter blatter blau blaue blauer blaues blumen
        boote braeutigam braune braunes braut brille brot brucke brucken bruecke bruecken buecher doerfer drei
        eier elefant ente erdbeere erdbeeren essend fahrrad fahrraeder familie feier fenster fische flasche
        fleisch flugzeug flugzeuge fluss frau frauen freunde freundin fruehling fruehstueck fuenf gaerten garten
        gebaeude gebaude geburtstag geburtstage gelb gelbe gelber gelbes gesicht gewitter grau graue graues
        grosseltern grosser grosses gruen gruene gruener gruenes grun haare haende haeuser hemd himmel hochzeit
        hochzeiten huhn hund hunde insel jungen kaese kaetzchen kaninchen katze katzen kirche kirchen kleid
        kleine kleines kuchen kueche kuehe lachen lachend lachende laeuft lastwagen laufend lauft leere leerer
        lesend liest luftballon luftballons madchen maedchen maenner markt milch mittagessen nacht neun pferd
        pferde regenschirm rotes schaf schafe schiffe schildkroete schildkrote schlaeft schlafend schlafende
        schlafender schlaft schlange schmetterling schnee schoen schoene schoener schoenes schuhe schule
        schwarze schwarzer schwarzes schwein schwester schwimmend sechs sieben sitzend sitzende sitzt sonne
        sonnenaufgang sonnenuntergaenge sonnenuntergang spazieren spaziergang spielen spielend spielende
        spielender spielt spielzeug springend springender stadt staedte steine straende strasse strassen stuehle
        stuhl stuhle suppe tanzend tische tochter trauben tuer tueren turen turm uhr verschneit verschneite
        verschneiter voegel waelder wasser wasserfall weg weihnachten weihnachtsbaum weisse weisser weisses
        welpe wiese wolke wolken wueste zehn zuege
    """,
    "nl": """
        aardbei aardbeien appels avondeten ballonnen besneeuwd besneeuwde bladeren blauw blauwe bloem bloemen
        boek boeken bomen bossen boten bril broer brug bruggen bruid bruidegom bruiloft bruiloften bruine
        dansend deur deuren dochter dorp dorpen drie druiven eend eieren eiland eten etend feest fiets fietsen
        fles gebouw gebouwen geel gezicht gezin glimlach grijs grijze groene haren hemd herfst hoed hond honden
        horloge huis huizen ijsje jonge jongen jongens jurk kaas katten kerken kerst kerstboom keuken kinderen
        kleine koe koeien konijn kopje lachend lachende leeg leest leeuw lente lezend lucht mannen markt meisje
        meisjes melk mooi mooie muis nacht negen nieuw ogen olifant ontbijt onweer oranje oude paard paarden
        paars paarse paraplu poes rennend rijst rivier roze schaap schapen schepen schildpad schoenen
        sinaasappel slaapt slapend slapende sneeuw soep speelgoed speelt spelen spelend spelende springend
        springende steden stenen sterren stoel stoelen straat stranden straten taart tafels toren trein treinen
        tuin tuinen varken velden verjaardag verjaardagen vijf vissen vlees vliegtuig vliegtuigen vlinder vogels
        volle vrachtwagen vriend vrienden vriendin vrouw vrouwen waterval weg wijn winkels woestijn wolk wolken
        zand zes zeven zittend zittende zomer zonsondergang zonsopgang zoon zwarte zwemmend
    """,
}
TELLING_WORDS_OF = {language: frozenset(words.split()) for language, words in _TELLING_WORDS.items()}
