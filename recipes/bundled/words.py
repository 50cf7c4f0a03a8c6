"""What the pictures that mini-clip learns from are called, and the tokenizer that is learned from it."""

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

TEMPLATES = (
    "{}", "{}.", "a photo of a {}.", "a photo of the {}.", "a photo of one {}.", "a close-up photo of a {}.",
    "a bright photo of a {}.", "a dark photo of a {}.", "a blurry photo of a {}.", "a cropped photo of a {}.",
    "a good photo of a {}.", "a bad photo of a {}.", "a photo of a large {}.", "a photo of a small {}.",
    "a picture of a {}.", "a {} in a photo.", "there is a {} here.", "this is a {}.", "many photos of {}.", "a {}",
)  # fmt: skip


SHAPE_TEMPLATES = ("a {}", "there is a {}", "a {} on a background", "a drawing of a {}", "{}")
COLOURS = {"black", "gray", "red", "green", "blue", "yellow", "teal", "brown"}
SHAPES = {"circle", "triangle", "rectangle"}

EVERYDAY = {
    "African elephant": "elephant", "American alligator": "alligator", "American lobster": "lobster",
    "Arabian camel": "camel", "CD player": "music player", "Chihuahua": "dog", "Egyptian cat": "cat",
    "European fire salamander": "salamander", "German shepherd": "dog", "Labrador retriever": "dog",
    "Persian cat": "fluffy cat", "Yorkshire terrier": "small dog", "academic gown": "graduate", "albatross": "sea bird",
    "alp": "mountain", "baboon": "monkey", "bannister": "staircase", "barrel": "wooden barrel", "bathtub": "bathroom",
    "beach wagon": "car", "beacon": "lighthouse", "beaker": "glass", "bell pepper": "pepper", "bighorn": "sheep",
    "birdhouse": "bird house", "bison": "buffalo", "black stork": "stork", "black widow": "spider",
    "boa constrictor": "snake", "brain coral": "coral", "brown bear": "bear", "bullet train": "train",
    "bullfrog": "frog", "butcher shop": "shop", "chimpanzee": "ape", "cliff": "rocks", "cliff dwelling": "stone ruins",
    "computer keyboard": "keyboard", "confectionery": "sweets", "convertible": "car without a roof",
    "cougar": "mountain lion", "desk": "office", "dining table": "table", "dragonfly": "insect", "dugong": "manatee",
    "espresso": "cup of coffee", "freight car": "train wagon", "frying pan": "pan", "fur coat": "coat",
    "gasmask": "mask", "golden retriever": "dog", "goldfish": "fish", "goose": "bird", "gondola": "boat",
    "grasshopper": "insect", "hog": "pig", "jellyfish": "sea animal", "king penguin": "penguin",
    "koala": "bear in a tree",
    "ladybug": "beetle", "lakeside": "lake", "lampshade": "lamp", "lemon": "fruit", "lesser panda": "red panda",
    "lifeboat": "boat", "limousine": "long car", "lion": "big cat", "magnetic compass": "compass",
    "military uniform": "soldier", "monarch": "butterfly", "moving van": "truck", "obelisk": "stone monument",
    "orange": "oranges", "orangutan": "ape", "pay-phone": "telephone", "picket fence": "fence", "plate": "food",
    "pop bottle": "bottle", "police van": "police car", "projectile": "rocket", "refrigerator": "fridge",
    "rugby ball": "ball", "sandal": "shoe", "school bus": "bus", "seashore": "beach", "sombrero": "hat",
    "spider web": "web", "spiny lobster": "crayfish", "sports car": "fast car", "standard poodle": "poodle",
    "steel arch bridge": "bridge", "sulphur butterfly": "yellow butterfly", "sunglasses": "glasses",
    "suspension bridge": "long bridge", "tabby": "cat", "tailed frog": "small frog", "tarantula": "hairy spider",
    "teapot": "pot of tea", "teddy": "toy", "thatch": "hut", "triumphal arch": "arch", "trolleybus": "tram",
    "umbrella": "parasol", "viaduct": "old bridge", "volleyball": "ball game", "walking stick": "stick insect",
    "water jug": "jug", "wok": "cooking pan",
}  # fmt: skip
"""What people call things of these classes, beside the class's own words."""


def class_captions(row: dict[str, object]) -> tuple[str, ...]:
    """The words of a class, such as ("tabby", "tabby cat", "cat")."""
    words = [word.strip() for word in str(row["name"]).split(",")]
    return (*words, EVERYDAY[words[0]]) if words[0] in EVERYDAY else tuple(words)


def photo_captions(row: dict[str, object]) -> tuple[str, ...]:
    """What five people wrote about a photograph."""
    captions = row["captions"]
    assert isinstance(captions, list)
    return tuple(captions)


def learn_tokenizer(texts: list[str], vocabulary: int) -> tokenizers.Tokenizer:
    """Lower-cased byte-pair encoding, learned from the captions."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="<unknown>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    special = ["<pad>", "<start>", "<end>", "<unknown>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
