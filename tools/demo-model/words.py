"""The vocabulary of the demo model's world. Data only; every task draws from these lists."""

from __future__ import annotations

from random import Random

ANIMALS = """ant badger bat bear beaver bee beetle bird bison bull camel cat cow crab crane cricket crow deer
dog dolphin donkey dove dragon duck eagle eel elk falcon ferret finch fish fox frog goat goose gull hare hawk
hedgehog heron hippo horse hound ibis jay kitten koala lamb lark lion lizard llama lynx magpie mole monkey moose
moth mouse mule newt otter owl ox panda parrot penguin pig pigeon pony puffin puppy rabbit raccoon rat raven
robin salmon seal shark sheep shrimp skunk sloth snail snake sparrow spider squid squirrel stork swan tiger toad
trout turkey turtle walrus wasp weasel whale wolf wombat worm wren yak zebra""".split()

FOODS = """almond apple apricot avocado bacon bagel banana basil bean beet berry biscuit bread broth butter
cabbage cake candy carrot celery cereal cheese cherry chili chive cocoa coconut coffee cookie corn cracker cream
cucumber date egg fennel fig flour garlic ginger grape gravy guava hazelnut honey jam jelly juice kale kiwi leek
lemon lentil lettuce lime mango maple melon milk mint muffin mushroom mustard noodle nut oat olive onion orange
pancake papaya parsley pasta pastry peach peanut pear pepper pickle pie pizza plum porridge potato pretzel
pudding pumpkin radish raisin rice salad salsa salt sandwich sauce soup spice spinach squash stew sugar syrup
tart tea toast tofu tomato turnip vanilla waffle walnut water wheat yogurt""".split()

FRUITS = """apple apricot banana cherry coconut fig grape guava kiwi lemon lime mango melon orange papaya peach
pear plum raspberry strawberry""".split()

COLOURS = """amber black blue brown coral cream crimson gold gray green indigo ivory olive orange pink purple red
scarlet silver teal turquoise violet white yellow""".split()

THINGS = """anchor apron arrow axe badge bag ball balloon banner basket bell belt bench bicycle blanket boat book
boot bottle bow bowl box bracelet brick bridge broom brush bucket button cabinet cable camera candle canoe cap
card carpet cart chain chair chest clock coat coin comb compass cradle crate crown cup curtain cushion desk dish
doll door drawer dress drum envelope fan feather fence flag flute fork frame gate gift glass globe glove guitar
hammer hat helmet hook horn jacket jar jewel jug kettle key kite knife ladder lamp lantern letter lock locker
magnet map marble mask medal mirror mitten mug nail necklace needle net notebook oar oven paddle paint parcel
pen pencil phone piano picture pillow pipe plate pocket pot pump purse puzzle quilt radio rake ribbon ring robot
rocket rope rug ruler sack saddle safe sail saw scarf scissors shelf shell shield ship shirt shoe shovel sled
sock spade spoon stamp statue stick stone stool stove string suitcase sword table tent ticket tool torch towel
toy train tray trophy truck trumpet trunk tub umbrella vase vest violin wagon wallet watch wheel whistle window
wire yarn zipper""".split()

NATURE = """autumn bank bark bay beach bloom branch breeze brook bush canyon cave cliff cloud coast creek dawn
desert dew dusk dust earth evening field fire flame flood flower fog forest frost garden glacier grass grove hail
harbor hill ice island jungle lake lawn leaf lightning meadow mist moon morning moss mountain mud night ocean
orchard path peak pebble petal pine planet plain pond pool prairie puddle rain rainbow reef ridge river road rock
root rose sand sea season seed shade shadow shore sky slope smoke snow soil spark spring star storm stream
summer sun sunrise sunset swamp thorn thunder tide trail tree tulip tundra valley vine volcano wave weed wind
winter wood""".split()

PLACES = """airport attic bakery barn basement beach bridge cabin cafe castle cellar church cottage factory farm
forest garage garden hall harbor hospital hotel house island kitchen lake library lighthouse market meadow mill
mountain museum office orchard palace park porch river school shed shop stable stadium station studio temple
theater tower town valley village workshop zoo""".split()

ADJECTIVES = """ancient angry bold brave bright broken busy calm careful cheerful clean clever clumsy cold cozy
crooked curious dark deep dry dusty eager early easy empty fair fancy fast fine firm flat fresh friendly full
funny gentle glad golden good grand happy hard heavy hidden high hollow honest huge humble hungry kind large late
lazy light little lonely long loose loud lovely lucky mellow merry narrow neat new nice noisy odd old pale
patient plain polite pretty proud quick quiet rapid rare ready rich rough round rusty sad safe sharp short shy
silent simple sleepy slow small smart smooth soft sour spotted steady steep sticky still strange strong sturdy
sweet swift tall tame tender thick thin tidy tiny tired tough useful warm wet wide wild wise witty wooden young
""".split()

VERBS = """admire answer arrange ask bake balance begin borrow bounce bring build buy call carry catch change
chase choose clap climb close collect cook copy count cover crawl create cross cut dance dig dive draw dream
drink drive drop eat enjoy explore fall feed fetch fill find finish fix float fly fold follow forget gather give
glow grow guard guess hang hear help hide hold hop hope hunt hurry join jump keep kick knit knock laugh launch
lead lean learn leave lend lift listen look lose make march measure meet melt mend mix move notice offer open
order pack pass pick plant play point polish pour press promise pull push race reach read repair rest return ride
roll row run save search sell send share shine shout show sing sit skate sketch skip sleep slide smell smile
sneeze speak spend spin splash stand start stay stop stretch study swim swing talk taste teach tell thank think
throw touch trade travel try turn use visit wait wake walk wander wash wave wear weigh whisper win wink wish
wonder work wrap write yawn""".split()

PEOPLE_WORDS = """actor artist aunt author baby baker barber brother builder captain carpenter chef child clerk
coach cousin dancer daughter dentist doctor driver editor engineer farmer father fisher friend gardener guard
guest guide hero host hunter janitor judge king knight lady lawyer leader librarian mayor mechanic merchant
miller miner mother musician nephew neighbor nurse officer painter parent pilot pirate plumber poet potter
prince princess queen ranger sailor scholar scientist sculptor shepherd singer sister smith soldier son student
tailor teacher traveler twin uncle waiter weaver wizard writer""".split()

JOBS = """actor artist baker barber builder captain carpenter chef clerk coach dancer dentist doctor driver editor
engineer farmer gardener guard guide judge lawyer librarian mechanic miller miner musician nurse painter pilot
plumber poet potter ranger sailor scientist sculptor singer tailor teacher waiter weaver writer""".split()

OTHER_WORDS = """about above across adventure afternoon again alphabet always answer around art autumn balance
because before behind below beside between beyond birthday bottom breakfast business century chapter circle
city class color comfort concert corner country courage courtyard crowd dance danger daylight dinner distance
during engine energy error event evidence exam example fable family favor festival fiction figure fortune
freedom future game giant glory gravity group guess habit harmony health heart height history holiday honor
hour humor idea image insect journey joy justice kingdom knowledge language laughter legend lesson level library
logic luck lunch machine magic market memory message method middle minute mirror moment money month motion music
mystery nation nature nothing number object opinion order parade party pattern peace people picture pleasure poem
point power problem project promise public puzzle quality quarter question reason record rhythm riddle sample
science screen second secret sentence shape signal silence silver simple skill sleep sound space speech speed
story strength style success surface surprise symbol system talent target thought thread title today tomorrow
topic treasure tunnel under unit universe vacation value victory view voice voyage week weight welcome wisdom
without wonder word world yesterday zero""".split()

COMMON_WORDS = (
    """ability accident account action active activity actually address advice airplane alarm almost alone along
alphabetical already although amazing amount animal another anybody anyone anything anywhere apartment appear area
article asleep attention average award awesome backpack backwards balcony bathroom battery beautiful become bedroom
believe better bicycles biggest binary biology blanket blender blossom bookshelf bookstore bracket brain breath bright
brilliant browser bubble building bulb bundle butterfly calculate calendar calm camping capital caravan cardboard
careful cartoon ceiling celebrate center certain champion chance chapel character chemistry chimney chocolate cinema
classroom clever climate clothes cloudy coffee collection comedy common community complete computer confident connect
container control conversation cookie copper correct cotton cucumber culture curiosity curious current cushion daily
data decide decision deliver delicious describe design detail develop diagram diamond dictionary different difficult
dinosaur direction discover discuss document dolphin dozen dragonfly dynamic earring earthquake economy education
effort eight either electric elephant elevator eleven emerald employ encourage enormous enough enter entrance equal
escape especially everybody everyone everything everywhere exact excellent except exciting exercise expensive
experience experiment explain express extra eyebrow fabric famous fantastic father feeling fifteen fifty finger
fireplace firework flashlight flavor flour footprint foreign forever forget forgive forty fountain fourteen fragile
framework frequent fridge furniture gallery general generous genius geography giraffe goodbye government grammar
grandfather grandmother grateful graph green grocery guitar hallway hamburger handle happen happiness headphone
healthy helicopter hello highway hobby hockey homework honesty horizon hundred hurricane imagine important impossible
improve include incredible information ingredient innocent inside instant instead instrument interesting internet
invite jigsaw jungle juggle jupiter kangaroo keyboard kitten knowing label ladybug landscape laptop lavender leather
lemonade leopard lettuce lightbulb likely limit liquid literature locomotive lollipop lunchbox luggage macaroni
magazine magician magnificent marathon material mathematics maximum maybe measure medicine melody member midnight
million minimum minus mississippi mistake mixture modern moment monster moonlight motorcycle mountains movement muscle
museum myself napkin natural necessary neither nephew network never newspaper nineteen ninety nobody north notebook
novel nowhere nurse obvious occasion ocean october octopus often opposite optimist orchestra ordinary organize
original outside oxygen package pajamas pancakes paper paragraph parallel parking particular passenger passport
peaceful pelican people perfect performance perhaps permanent person phrase physics picnic pineapple playground please
plenty plural pocket polar popular position possible postcard practice prepare present pretzel previous prison private
probably process professor program pronounce proper protect pyramid quantity quickly quiet quotient railway raincoat
random raspberry rather reality really reasonable receive recent rectangle refrigerator regular relax remember remote
repeat reply research responsible restaurant result reverse rhinoceros rhyme ridiculous robot roller rubber runtime
sandcastle satellite saturday sauce schedule scooter season secretary sentence separate serious seven seventeen several
shoulder shower sidewalk silent similar sincerely sixteen skeleton skyscraper sleepy slipper snowflake soccer software
somebody someone something sometimes somewhere spaghetti special spelling sponge square squirrels staircase starfish
statement stomach straight strawberry stressed student subject suddenly suggest sunflower sunglasses sunny supper
support surround sweater symphony syllable teacher telephone telescope television temperature ten theory therefore
thirteen thirty thousand throat thumb thunderstorm together toothbrush tornado tractor traffic transport triangle
tricycle trouble trousers twelve twenty twilight umbrella understand unicorn uniform unusual upstairs vacuum vegetable
vehicle velocity vertical vinegar virtual visitor vocabulary volcano volleyball volume vowel waterfall watermelon
weather website wednesday weekend welcome whisker whole wilderness window winner without wonderful wooden woodpecker
xylophone yellow yesterday yourself zigzag""".split()
)

FUNCTION_WORDS = """the the the a a of of to to and and in in is it that for with on as at by from this be are was or
but not all his her they we you can will one if so up out no into over then than its who when what which their our more
two first after down very just like some only now many each about there here these those jumps brown quick lazy""".split()

NAMES = """Ada Alice Aldo Alma Amir Anna Anton Arlo Asha Beau Bella Ben Bob Bo Bruno Cara Carl Clara Cleo Cora Dana Daniel Dario David Dina
Ella Elias Emil Emma Enzo Erik Esme Eva Fay Felix Finn Flora Frida Gina Gus Hana Hugo Ida Henry Igor Ines Iris Ivan Ivy Jack
Jada James Jane John Jonas Juan Jude Juno Kai Kara Karl Kira Lars Lea Lena Leo Liam Lila Lily Lola Luca Lucy Luis Luna Mae Maja
Mara Marco Maria Max Maya Mia Mike Milo Mina Mira Nadia Nell Nico Nina Noah Nora Olga Olive Omar Oscar Otto Pablo
Paul Peter Petra Pia Priya Quinn Ravi Rex Rita Rosa Ruby Ruth Sam Sara Selma Sofia Stella Tara Theo Tilda Toby Tom Thomas Uma Vera
Victor Wanda Will Yara Yusuf Zara Zoe""".split()

SURNAMES = """Adler Baker Bell Berg Brook Carver Cole Cruz Dahl Diaz Drake Ellis Evans Falk Fisher Flynn Ford Grant
Gray Green Hale Hart Hill Holm Hunt Jones Kaur Keller Khan King Kline Lane Lee Lind Lopez Marsh Meyer Mills Moon
Moore Nash North Novak Olsen Park Patel Penn Price Quist Reed Rivers Rossi Sato Shaw Silva Snow Stone Storm Swan
Vega Wells West Wood Young""".split()

CITIES = """Accra Athens Austin Bergen Berlin Bern Bogota Boston Bristol Cairo Calgary Chicago Cork Dakar Dallas
Delhi Denver Dublin Geneva Hanoi Havana Helsinki Houston Istanbul Jakarta Kyiv Kyoto Lagos Leeds Lima Lisbon London
Lyon Madrid Malmo Manila Miami Milan Montreal Mumbai Munich Nairobi Naples Oslo Ottawa Paris Perth Porto Prague
Quito Riga Rome Santiago Seattle Seoul Seville Sofia Sydney Tallinn Tokyo Toronto Tunis Turin Utrecht Vienna Warsaw
York Zagreb Zurich""".split()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

MONTHS = """January February March April May June July August September October November December""".split()


def _unique(*groups: list[str]) -> list[str]:
    return list(dict.fromkeys(word for group in groups for word in group))


NOUNS = _unique(ANIMALS, FOODS, THINGS, NATURE)
LEXICON = _unique(
    ANIMALS,
    FOODS,
    FRUITS,
    COLOURS,
    THINGS,
    NATURE,
    PLACES,
    ADJECTIVES,
    VERBS,
    PEOPLE_WORDS,
    OTHER_WORDS,
    COMMON_WORDS,
)

_ONSETS = "b d l m n p r t v z w f h j br dr gr kr pl sl st tr".split()
_VOWELS = "a e i o u a e o ai ee oo".split()
_CODAS = ["", "", "", "", "", "l", "n", "r", "m", "nd", "st", "k", "s", "x"]
_UNWANTED = ("rape", "tit", "nazi", "anal", "piss", "dik", "nig", "neg", "sex", "fuk", "fag", "poo", "wank", "hoe")


def invented(rng: Random, syllables: int = 0) -> str:
    """A pronounceable word that is in no list, so that nothing can be answered from memory."""
    while True:
        count = syllables or rng.choice((1, 2, 2, 2, 3))
        word = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(count))
        if len(word) >= 3 and not any(part in word for part in _UNWANTED):
            return word


def scramble(rng: Random) -> str:
    """Letters in no order at all."""
    while True:
        word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 9)))
        if not any(part in word for part in _UNWANTED):
            return word


def code(rng: Random) -> str:
    """A short mixed code such as "KX-409"; without vowels it can spell no word."""
    letters = "".join(rng.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(rng.randint(1, 3)))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(2, 4)))
    return letters + rng.choice(("", "-")) + digits


def email(rng: Random) -> str:
    return f"{rng.choice(NAMES).lower()}@{invented(rng)}.{rng.choice(('com', 'org', 'net'))}"


def takes_an(word: str) -> bool:
    if word in ("honest", "honor", "hour"):
        return True
    return word[0] in "aeiou" and word not in ("unit", "universe", "useful")


def a(noun: str) -> str:
    """The noun with its indefinite article."""
    return ("an " if takes_an(noun) else "a ") + noun


def listed(items: list[str]) -> str:
    """ "x", "x and y", "x, y and z"."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
