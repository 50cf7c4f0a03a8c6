"""What becomes of a picture and a text in a model: one ordinary run, kept, to be looked into from the pixels to the
answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.explanation.inside.head import Steps, steps
from seeread.explanation.inside.places import Place, Scene, Written, places
from seeread.explanation.inside.record import Look, Record, record
from seeread.explanation.inside.tokens import Vocabulary, pieces
from seeread.explanation.inside.views import View, views
from seeread.explanation.methods.streams import wire
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Batch, Compares, Images, Patches, Tiles

STAGES = re.compile(r"vision\.(patches|stem|stages\.\d+|transformer\.blocks\.\d+|norm|narrow)|pixels\.stem")
"""Parts of towers whose features are kept: of vision transformers, ResNets, picture tokenizers and Perceivers."""
JOINTS = re.compile(
    r"(connector|tile_connector|resampler|places|image_pool|image_projection|text_projection|similarity)"
    r"|text\.(embedding|norm|decoder_norm)|latents|head"
)
"""Parts behind the tower whose results are kept."""


@dataclass(frozen=True)
class Inside:
    """A run that was kept.

    `logits` are (labels,) of a model that compares or knows classes, and else (tokens of the answer, vocabulary): what
    was expected at each place of the answer, its end included.
    """

    target: AnyTarget
    scene: Scene
    kept: Record
    logits: Tensor

    @property
    def model(self) -> nn.Module:
        """The model that ran."""
        return self.target.model.module

    @property
    def looks(self) -> Sequence[Look]:
        """All attentions, in the order in which they happened."""
        return self.kept.looks

    @property
    def views(self) -> Sequence[View]:
        """What the model saw."""
        return self.scene.views

    @cached_property
    def vocabulary(self) -> Vocabulary | None:
        """The words of its language model; None for a model that does not write, or with too many."""
        if isinstance(self.target, Labels):
            return None
        return Vocabulary.of(self.model, self.target.model.processor.tokenizer)

    def ends(self, look: Look, item: int = 0) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """What the queries and what the keys of an attention are."""
        wired = wire(look.module)
        queries, keys = look.q.shape[2], look.k.shape[2]
        if wired is None:
            return places(self.scene, "", item, queries), places(self.scene, "", item, keys)
        if len(wired.reads) == 1:
            read = places(self.scene, wired.reads[0], item, keys)
        else:  # two streams side by side, the second as long as there are queries
            first, second = wired.reads
            read = (
                *places(self.scene, first, item, keys - queries), *places(self.scene, second, item, queries)
            )  # fmt: skip
        return places(self.scene, wired.asks, item, queries), read

    def steps(self, look: Look, item: int, head: int, query: int) -> Steps:
        """One query of one head, step by step."""
        return steps(self.model, look, item, head, query)


@torch.inference_mode()
def inside(target: AnyTarget) -> Inside:
    """Run the model once on the picture and the text of a target, and keep what goes by.

    Of labels the texts are read as they stand, without the sentences around them that a model may score better with.
    Raises UsageError for a model without a picture to look at.
    """
    pretrained = target.model
    transform = pretrained.processor.image_transform
    if transform is None:
        raise UsageError(f"{pretrained.origin.name} sees no pictures: there is nothing of one inside.")
    images = target.prepare([target.picture])
    with record(pretrained.module, lambda path, _: bool(STAGES.fullmatch(path) or JOINTS.fullmatch(path))) as kept:
        texts, batch, logits = _run(target, images)
    seen = views(transform, images, target.picture.size, _grid(images, kept))
    return Inside(target, Scene(vars(pretrained.module).get("config"), seen, images, texts, batch), kept, logits)


def _run(target: AnyTarget, images: Images) -> tuple[tuple[Written, ...], Batch | None, Tensor]:
    """What was read, and the logits of it."""
    pretrained = target.model
    if not isinstance(target, Labels):
        batch = target.batch(images)
        writer, count = pretrained.generating, len(target.ids)
        logits = writer.logits(writer.read(batch)[:, -count - 1 :])[0]
        ids = batch.tokens[0]
        return (Written(ids, pieces(pretrained.processor.tokenizer, ids.tolist())),), batch, logits
    if not isinstance(pretrained.model, Compares):
        return (), None, target.classified(pretrained.classifying.classify(images))[0]
    model = pretrained.comparing
    tokens = pretrained.processor.texts(target.labels).to(pretrained.device)
    image = model.embed_image(images)
    logits = model.compare(image, model.embed_text(tokens))[0]
    tokenizer = pretrained.processor.tokenizer
    return tuple(Written(row, pieces(tokenizer, row.tolist())) for row in tokens), None, logits


def _grid(images: Images, kept: Record) -> tuple[int, int]:
    """The rows and columns of features that a tower gives of one square."""
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        return rows, columns
    maps = [given for path, given in kept.gave.items() if given.ndim == 4 and path != "vision.stem"]
    if maps:
        return maps[-1].shape[2], maps[-1].shape[3]
    pixels = images.pixels if isinstance(images, Tiles) else images
    assert isinstance(pixels, Tensor)
    return pixels.shape[2], pixels.shape[3]
