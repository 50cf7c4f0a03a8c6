"""What each kind of part is called, and a sentence on what it does, for people who have never seen one."""

from torch import nn

from seeread.explanation.diagram.words import NAMES, Words

KINDS: dict[str, Words] = {
    "DualEncoder": Words(
        "model", "Dual encoder",
        "Pictures and texts each become one vector; how alike they point says how well they fit.",
    ),
    "LLaVA": Words(
        "model", "LLaVA",
        "Features of the picture become tokens that stand among the words, and are read from left to "
        "right.",
    ),
    "PaliGemma": Words(
        "model", "PaliGemma",
        "Picture and prompt are read both ways as one prefix; the answer is written behind it.",
    ),
    "Flamingo": Words(
        "model", "Flamingo",
        "Words are read as ever; between the blocks they look at the picture, through gates.",
    ),
    "Hybrid": Words(
        "model", "Hybrid",
        "A small copy of the picture stands among the words, and the tiles of the large one are read "
        "between the blocks.",
    ),
    "PaLI": Words(
        "model", "PaLI",
        "An encoder reads picture and prompt together; a decoder writes the answer and looks at what was "
        "read.",
    ),
    "Fuyu": Words("model", "Fuyu", "No tower: patches of raw pixels go straight among the words."),
    "Chameleon": Words(
        "model", "Chameleon",
        "The picture becomes codes, and codes are words like any other.",
    ),
    "CoCa": Words(
        "model", "CoCa",
        "It compares pictures with texts as a dual encoder does, and writes captions that look at the "
        "picture.",
    ),
    "LanguageModel": Words(
        "model", "Language model",
        "Reads words from left to right and scores what may come next. It sees nothing.",
    ),
    "T5": Words(
        "model", "Encoder-decoder",
        "Reads a prompt both ways and writes an answer. It sees nothing.",
    ),
    "PerceiverClassifier": Words(
        "model", "Perceiver IO",
        "A few latents read all pixels, think, and are asked for the class.",
    ),
    "PerceiverLanguageModel": Words(
        "model", "Perceiver IO",
        "A few latents read all bytes of a text, and are asked what stands in its gaps.",
    ),
    "TowerProbe": Words(
        "model", "Tower with a classifier",
        "An image tower, and one layer that tells classes apart.",
    ),
    "ViT": Words(
        "tower", "Vision transformer",
        "Cuts the picture into patches, one vector each, and lets the patches look at each other.",
    ),
    "NaFlexViT": Words(
        "tower", "Vision transformer",
        "Takes pictures of any shape as patches, one vector each, which look at each other.",
    ),
    "ResNet": Words(
        "tower", "Convolutional tower",
        "Looks at ever wider neighbourhoods, stage by stage, until a few cells describe the whole "
        "picture.",
    ),
    "VQ": Words(
        "tower", "Picture tokenizer",
        "Looks at the picture and says for every spot which of its codes is nearest.",
    ),
    "Pixels": Words(
        "tower", "Pixels with their places",
        "Puts beside every pixel, or small neighbourhood, where it lies.",
    ),
    "TextEncoder": Words("language", "Text tower", "Reads the words; one token speaks for the whole text."),
    "Decoder": Words(
        "language", "Language model",
        "Reads tokens in order and scores every word that may come next.",
    ),
    "EncoderDecoder": Words(
        "language", "Encoder-decoder",
        "The encoder reads the prompt both ways; the decoder writes behind it.",
    ),
    "TwoLayers": Words(
        "fusion", "Connector",
        "Two layers that turn features of the tower into tokens as wide as words.",
    ),
    "Resampler": Words(
        "fusion", "Resampler",
        "A fixed number of learned queries read all features: so many tokens, however large the picture.",
    ),
    "ResamplerLayer": Words(
        "block", "Layer of the resampler",
        "The queries look at the features and at each other, then each is worked on alone.",
    ),
    "Gates": Words(
        "fusion", "Keys and values for the gates",
        "Computed once a picture: what the gated cross-attentions between the blocks will look up.",
    ),
    "GatedCrossAttention": Words(
        "block", "Gated cross-attention",
        "Every word looks at the picture. A gate, learned from zero, says how much of what it finds is "
        "added.",
    ),
    "CrossBlock": Words(
        "block", "Cross-attention",
        "Every word looks at the picture, then is worked on alone.",
    ),
    "Similarity": Words(
        "fusion", "Similarity",
        "The cosine of the two vectors, times a learned scale: the score of picture and text.",
    ),
    "Places": Words(
        "positions", "Places",
        "Adds a learned vector that says where in the picture a token lies.",
    ),
    "Latents": Words(
        "fusion", "Latents",
        "A few learned vectors read the input, whatever its size, and work on what they found.",
    ),
    "Reader": Words(
        "block", "Reader",
        "Queries look at an array and take home what fits, then each is worked on alone.",
    ),
    "ClassToken": Words(
        "fusion", "Class token",
        "One token was learned to gather the picture; it speaks for all.",
    ),
    "AttentionPool": Words(
        "fusion", "Attention pooling",
        "One learned query looks at all tokens and gathers the picture.",
    ),
    "SpatialAttentionPool": Words(
        "fusion", "Attention pooling",
        "The mean of all cells asks, the cells answer: one vector for the picture.",
    ),
    "Pooler": Words("fusion", "Pooler", "Learned queries read all features of the picture."),
    "FirstQuery": Words(
        "fusion", "Pooling",
        "Learned queries read the picture: the first is compared with texts, the others are read by "
        "words.",
    ),
    "TwoPoolers": Words(
        "fusion", "Pooling",
        "Queries gather tokens for the words to read, and one vector to compare with texts.",
    ),
    "ClassAndPatches": Words(
        "fusion", "Pooling",
        "The class token is compared with texts, the patches are read by words.",
    ),
    "Transformer": Words(
        "block", "Stack of blocks",
        "The same kind of block again and again, each adding to what the one before gave.",
    ),
    "Block": Words(
        "block", "Block",
        "First every token looks at others (attention), then each is worked on alone (MLP); both are "
        "added to it.",
    ),
    "Attention": Words(
        "attention", "Attention",
        "Every token asks a question, every token offers an answer; what fits best is taken most.",
    ),
    "SpotAttention": Words("attention", "Attention", "Every spot of the picture looks at all others."),
    "Attend": Words(
        "attention", "Look and gather",
        "Compares questions with offers, makes shares of the similarities, and mixes the values by these "
        "shares.",
    ),
    "MLP": Words("mlp", "MLP", "Widens a vector, bends it, and narrows it again: each token on its own."),
    "GatedMLP": Words(
        "mlp", "Gated MLP",
        "Widens a vector twice; one of the two says how much of the other passes. Each token on its own.",
    ),
    "LayerNorm": Words("norm", "Norm", "Brings every vector to the same mean and spread."),
    "RMSNorm": Words("norm", "Norm", "Brings every vector to the same length."),
    "BatchNorm2d": Words("norm", "Norm", "Brings every channel to the mean and spread it had in training."),
    "GroupNorm": Words("norm", "Norm", "Brings groups of channels to the same mean and spread."),
    "HeadNorm": Words("norm", "Norm", "Brings the vectors of every head to the same mean and spread."),
    "AcrossHeads": Words("norm", "Norm", "Brings the vectors of all heads together to the same spread."),
    "Linear": Words(
        "linear", "Linear layer",
        "Every number that comes out is a weighted sum of those that go in. The weights were learned.",
    ),
    "Conv2d": Words(
        "convolution", "Convolution",
        "A small window slides over the picture and sums what is under it by learned weights.",
    ),
    "ConvNorm": Words(
        "convolution", "Convolution and norm",
        "A convolution, whose channels are then brought to a common scale.",
    ),
    "ConvStem": Words(
        "convolution", "Stem",
        "A first convolution, which leaves a quarter of the rows and columns.",
    ),
    "Bottleneck": Words(
        "block", "Bottleneck",
        "Narrows, looks at the neighbourhood, widens, and adds that to what was there.",
    ),
    "ResidualBlock": Words("block", "Residual block", "Two convolutions, added to what was there."),
    "Stage": Words("block", "Stage", "Blocks of one size; then the picture is halved."),
    "Middle": Words("block", "Middle", "Two blocks, with attention between them."),
    "AvgPool2d": Words(
        "convolution", "Average",
        "Four neighbours become their mean: half the rows and columns.",
    ),
    "Embedding": Words(
        "embedding", "Embedding",
        "A table: every token of the vocabulary has a learned vector there.",
    ),
    "RelativeBias": Words(
        "positions", "Distances",
        "A learned number for every distance between two tokens, added to their similarity.",
    ),
    "FourierPositions": Words(
        "positions", "Positions",
        "Says where something lies by waves of many lengths.",
    ),
    "LearnedPositions": Words("positions", "Positions", "A learned vector for every place."),
    "Sequential": Words("block", "Stage", "One after the other."),
    "Standard": Words(
        "norm", "Standard scores",
        "Brings every feature to the mean and spread it had in training.",
    ),
}  # fmt: skip


def words_for(module: nn.Module, path: str) -> Words:
    """Of a module at its path. What nobody has written a sentence for tells its own, from its source."""
    kind = type(module).__name__
    first = (type(module).__doc__ or "").strip().partition("\n")[0]
    known = KINDS.get(kind) or Words("block", kind, first)
    place = path.rpartition(".")[2]
    if place.isdigit() or known.kind == "model":
        return known
    if place == "text" and kind == "TextEncoder":
        return known
    if place == "head" and kind == "Linear" and "." not in path:
        return Words("linear", "Scores of all classes", known.does)
    return Words(known.kind, NAMES.get(place, known.name), known.does)
