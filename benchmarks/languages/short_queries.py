"""Short queries in six languages, typed in plain letters: what people look for among their pictures, 30 in each language.

Written before the words in `runtime/search/language_nouns.py` were listed, and not changed after. Accents are left out, as
on an English keyboard; capitals as well.
"""

_QUERIES = {
    "es": """
        perro negro | gato durmiendo | playa al atardecer | coche rojo | casa blanca | boda de mi hermana | cumpleanos |
        nieve | arbol de navidad | barco en el mar | mujer con sombrero | bicicleta vieja | flores amarillas | dos caballos |
        comida en la mesa | puente viejo | cielo nublado | calle vacia | tren antiguo | mercado de frutas | puesta de sol |
        iglesia | hombre sin camisa | bebe dormido | luna llena | jardin | fuegos artificiales | copa de vino | pajaro azul |
        ninos jugando
    """,
    "pt": """
        barco no mar | gato no sofa | cachorro na praia | por do sol | carro vermelho | casa amarela | mulher de chapeu |
        crianca no parque | bolo de aniversario | flores no jardim | cavalo branco | aviao no ceu | ponte | cidade a noite |
        menino com bola | dois passaros | chuva na janela | montanha com neve | comida | homem de bicicleta | praia vazia |
        igreja | peixe grelhado | lua cheia | casamento | trem | livro na mesa | ovelhas | rua molhada | festa junina
    """,
    "it": """
        cane nero | gatto sul divano | spiaggia al tramonto | macchina rossa | casa bianca | matrimonio | neve in montagna |
        albero di natale | barca | donna con cappello | bicicletta | fiori gialli | due cavalli | cibo | ponte vecchio |
        cielo stellato | strada vuota | treno | mercato | tramonto | chiesa | uomo che legge | bambini che giocano |
        luna piena | giardino | fuochi d'artificio | bicchiere di vino | uccello blu | lago | compleanno
    """,
    "fr": """
        chien noir | chat qui dort | plage au coucher du soleil | voiture rouge | maison blanche | mariage |
        neige en montagne | sapin de noel | bateau sur l'eau | femme au chapeau | velo | fleurs jaunes | deux chevaux |
        repas en famille | vieux pont | ciel etoile | rue vide | train | marche aux fruits | coucher de soleil | eglise |
        homme qui lit | enfants qui jouent | pleine lune | jardin | feu d'artifice | verre de vin | oiseau bleu | foret |
        gateau d'anniversaire
    """,
    "de": """
        schwarzer hund | schlafende katze | strand bei sonnenuntergang | rotes auto | haus am see | hochzeit | schnee |
        weihnachtsbaum | boot | frau mit hut | altes fahrrad | gelbe blumen | zwei pferde | essen | alte steinmauer |
        sternenhimmel | leere strasse | zug | markt | sonnenuntergang | kirche | mann liest zeitung | spielende kinder |
        vollmond | garten | feuerwerk | glas wein | blauer vogel | wald im nebel | geburtstag
    """,
    "nl": """
        zwarte hond | slapende kat | strand bij zonsondergang | rode auto | wit huis | bruiloft | sneeuw | kerstboom |
        boot op het water | vrouw met hoed | oude fiets | gele bloemen | twee paarden | eten | brug | sterrenhemel |
        lege straat | trein | markt | zonsondergang | kerk | man met krant | spelende kinderen | volle maan | tuin |
        vuurwerk | glas wijn | blauwe vogel | bos in de mist | verjaardag
    """,
}
SHORT_QUERIES = {
    language: [" ".join(query.split()) for query in queries.split("|")] for language, queries in _QUERIES.items()
}
