"""Trains `seeread/mini-llava` and `seeread/mini-paligemma`, the small models that write and come with the package.

    python recipes/mini_writer_data.py --data DATA
    python recipes/mini_writers.py llava --out runs/mini-llava
    python recipes/mini_writers.py paligemma --out runs/mini-paligemma --from runs/mini-llava/model

mini-llava: the vision tower of `seeread/mini-clip`, frozen, as in LLaVA; connector and language model learn together
from nothing, since there is no small language model to start from. What the tower sees is computed once.

mini-paligemma: the same tower less its last stage, for features that are finer in place, frozen too; and mini-llava's
language model, which goes on to learn to read pictures and prompts both ways, and to point, in two rounds.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import seeread
from seeread.checkpoints.checkpoint import Checkpoint
from seeread.checkpoints.files import read_tensors, write_safetensors
from seeread.checkpoints.save import write
from seeread.fusion.places import Places
from seeread.interface import Batch, Role
from seeread.models.llava import LLaVA, LLaVAConfig
from seeread.models.paligemma import PaliGemma, PaliGemmaConfig
from seeread.nn.initialise import initialise
from seeread.nn.rope import Rope
from seeread.nn.transformer import TransformerConfig
from seeread.preprocessing.dialogue.style import PromptStyle
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tokenizer.rules import TokenizerRules
from seeread.preprocessing.tokenizer.tokenizer import Tokenizer
from seeread.preprocessing.transform import ImageTransform
from seeread.text.decoder import DecoderConfig
from seeread.training.objectives.writing import next_token
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from seeread.training.trainer import train
from seeread.vision.resnet import ResNetConfig

PAD, START, END, IMAGE = 0, 1, 2, 3
BINS = 64
"""Location tokens, whose ids follow the image's."""

LONGEST = 64
"""Texts, prompt and answer together, of more tokens are left out: a picture full of blood cells."""

TEXT = DecoderConfig(
    transformer=TransformerConfig(
        width=256, layers=5, heads=8, hidden=704, activation="silu",
        norm="rms", norm_eps=1e-6, gated=True, bias=False, rope=Rope(),
    ),
    vocabulary=4096,
    tied=True,
)  # fmt: skip

LLAVA = LLaVAConfig(
    vision=ResNetConfig(layers=(2, 2, 2, 2), stem=32, heads=16, image_size=128),
    text=TEXT,
    connector="mlp",
    skip_last=0,
)
PALIGEMMA = PaliGemmaConfig(
    vision=ResNetConfig(layers=(2, 2, 2), stem=32, heads=16, image_size=128), text=TEXT, places=True
)

RULES = TokenizerRules(context_length=512, pad_id=PAD, start_id=START, end_id=END)
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'assistant' %} ASSISTANT:{{ message.content }}{{ eos_token }}"
    "{% else %}USER: {{ message.content }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
CHAT = PromptStyle(
    kind="chat", end_ids=(END,), template=TEMPLATE, start_text="<start>", end_text="<end>",
    image_text="<image>", image_id=IMAGE, image_tokens=16, caption="describe the picture in one sentence.",
)  # fmt: skip
PREFIX = PromptStyle(
    kind="prefix", end_ids=(END,), start_text="<start>", image_text="<image>", image_id=IMAGE, image_tokens=64,
    bins=BINS, caption="caption en", answer="answer en {question}", detect="detect {labels}",
)  # fmt: skip

LLAVA_MIXTURE = {"flickr8k": 0.36, "easy_vqa": 0.18, "tiny_imagenet": 0.16, "nlvr": 0.04, "scenes": 0.26}
PALIGEMMA_MIXTURES = (
    {
        "flickr8k": 0.10, "easy_vqa": 0.08, "tiny_imagenet": 0.06, "bccd": 0.05, "coco_mini": 0.03, "scenes": 0.18,
        "scenes:places": 0.50,
    },
    {"flickr8k": 0.06, "easy_vqa": 0.10, "tiny_imagenet": 0.03, "bccd": 0.03, "scenes": 0.23, "scenes:places": 0.55},
)  # fmt: skip
PLACES = ":places"
"""The share of each source in a step; of one with this behind its name, only answers that begin with a place."""

LLAVA_ROUND = Settings(steps=1500, rate=1.5e-3, warmup=100, average=0.995, frozen=("vision",), save_every=100)
PALIGEMMA_ROUNDS = (
    Settings(steps=850, rate=1.2e-3, warmup=60, average=0.99, frozen=("vision",), save_every=100, seed=2),
    Settings(steps=400, rate=1.2e-3, warmup=30, average=0.99, frozen=("vision",), save_every=100, seed=3),
)
EXAMPLES = 96
"""In a step."""


@dataclass(frozen=True)
class Texts:
    """Rows of token ids, one behind the other."""

    ids: Tensor
    offsets: Tensor

    def __getitem__(self, row: int) -> Tensor:
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    def lengths(self) -> Tensor:
        """Of every row."""
        return self.offsets.diff()


class Source:
    """One split of one source, as `mini_writer_data.py` left it."""

    def __init__(self, folder: Path, prompt: str, kept: Literal["all", "words", "places"]):
        self.images = numpy.load(folder / "images.npy", mmap_mode="r")
        self.image = torch.from_numpy(numpy.load(folder / "image.npy")).long()
        self.prompts, self.answers = _texts(folder, prompt), _texts(folder, "answer")
        short = self.prompts.lengths() + self.answers.lengths() <= LONGEST
        first = self.answers.ids[self.answers.offsets[:-1].clamp(max=len(self.answers.ids) - 1)]
        there, place = self.answers.lengths() > 0, (first > IMAGE) & (first <= IMAGE + BINS)
        wanted = {"all": short, "words": short & there & ~place, "places": short & there & place}
        self.usable = wanted[kept].nonzero()[:, 0]

    def pictures(self, places: slice | int) -> Tensor:
        """Those pictures, uint8."""
        return torch.from_numpy(self.images[places].copy())


def sources_of(
    data: Path, mixture: Mapping[str, float], split: str, prompt: str, kept: Literal["all", "words"]
) -> dict[str, Source]:
    """One split of every source of a mixture."""
    folders = {name: data / f"{name.removesuffix(PLACES)}-{split}" for name in mixture}
    return {
        name: Source(f, prompt, "places" if name.endswith(PLACES) else kept) for name, f in folders.items()
    }


def _texts(folder: Path, name: str) -> Texts:
    ids, offsets = numpy.load(folder / f"{name}.npy"), numpy.load(folder / f"{name}_offsets.npy")
    return Texts(torch.from_numpy(ids).long(), torch.from_numpy(offsets))


def rows(prompts: Sequence[Tensor], answers: Sequence[Tensor], image_tokens: int, chat: bool) -> Batch:
    """Token ids and roles, padded behind. In a chat the image stands where the prompt has it, else at the front."""
    tokens, roles = [], []
    for prompt, answer in zip(prompts, answers, strict=True):
        sight = torch.full((image_tokens,), IMAGE)
        start, end = torch.tensor([START]), torch.tensor([END])
        if chat:
            place = int((prompt == IMAGE).nonzero()[0, 0])
            parts = torch.cat((start, prompt[:place], sight, prompt[place + 1 :]))
        else:
            parts = torch.cat((sight, start, prompt))
        row = torch.cat((parts, answer, end))
        role = torch.where(parts == IMAGE, int(Role.IMAGE), int(Role.PROMPT))
        tokens.append(row)
        roles.append(torch.cat((role, torch.full((len(answer) + 1,), int(Role.ANSWER)))))
    return Batch(
        nn.utils.rnn.pad_sequence(tokens, batch_first=True, padding_value=PAD),
        nn.utils.rnn.pad_sequence(roles, batch_first=True, padding_value=int(Role.PADDING)),
    )


def pixels(images: Tensor, side: int) -> Tensor:
    """(images, height, width, 3) uint8 to what the tower takes, (images, 3, side, side)."""
    transform = ImageTransform(size=(side, side))
    scaled = images.permute(0, 3, 1, 2).float() / 255
    if scaled.shape[-1] != side:
        scaled = F.interpolate(scaled, (side, side), mode="bicubic", antialias=True, align_corners=False)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (transform.mean, transform.std))
    return ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)


class Examples:
    """The examples of a step, drawn by seed and step alone: of each source its share."""

    def __init__(self, sources: Mapping[str, Source], mixture: Mapping[str, float], size: int, seed: int):
        self.sources, self.names, self.seed, self.size = sources, list(mixture), seed, size
        self.shares = torch.tensor([mixture[name] for name in self.names])

    def __call__(self, step: int) -> list[tuple[str, int]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        drawn = torch.multinomial(self.shares, self.size, replacement=True, generator=generator)
        chosen = []
        for source in drawn.tolist():
            usable = self.sources[self.names[source]].usable
            place = int(torch.randint(len(usable), (), generator=generator))
            chosen.append((self.names[source], int(usable[place])))
        return chosen


class Objective:
    """The loss of the examples of a step, on what the frozen tower has seen of their pictures."""

    def __init__(self, examples: Examples, features: Mapping[str, Tensor], chat: bool):
        self.examples, self.features, self.chat = examples, features, chat

    def __call__(self, model: nn.Module, chosen: Sequence[tuple[str, int]]) -> Tensor:
        assert isinstance(model, LLaVA | PaliGemma)
        sources = self.examples.sources
        prompts = [sources[name].prompts[row] for name, row in chosen]
        answers = [sources[name].answers[row] for name, row in chosen]
        seen = torch.stack([self.features[name][sources[name].image[row]] for name, row in chosen]).float()
        sight = model.connector(seen)
        if isinstance(model, PaliGemma):
            sight = model.places(sight)
        batch = rows(prompts, answers, sight.shape[1], self.chat)
        return next_token(model, replace(batch, sight=sight.flatten(0, 1)))


class Watch:
    """Loss on unseen examples of each source."""

    def __init__(self, objective: Objective, mixture: Mapping[str, float]):
        self.objective, self.names = objective, list(mixture)

    @torch.inference_mode()
    def __call__(self, step: int, model: nn.Module) -> dict[str, float]:
        told = {}
        for name in self.names:
            usable = self.objective.examples.sources[name].usable
            spread = usable[:: max(1, len(usable) // 128)][:128]
            told[name] = round(self.objective(model, [(name, int(row)) for row in spread]).item(), 4)
        return told


@torch.no_grad()
def look(vision: nn.Module, sources: Mapping[str, Source], side: int, kept: Path) -> dict[str, Tensor]:
    """What the tower sees of every picture, (pictures, tokens, width) bf16; computed once and kept on disk."""
    kept.mkdir(exist_ok=True)
    seen = {}
    vision.eval()
    for name, source in sources.items():
        file = kept / f"{name.removesuffix(PLACES)}-{side}.safetensors"
        if not file.is_file():
            with torch.autocast("cpu", torch.bfloat16):
                starts = range(0, len(source.images), 250)
                parts = [vision(pixels(source.pictures(slice(s, s + 250)), side)).bfloat16() for s in starts]
            write_safetensors(file, {"features": torch.cat(parts)})
        seen[name] = read_tensors(file)["features"]
        print(f"seen: {name}", flush=True)
    return seen


def tower_of_mini_clip(vision: nn.Module) -> None:
    """Give a tower the weights of the bundled dual encoder's, as far as it goes."""
    trained = seeread.load("seeread/mini-clip", precision="fp32").module.get_submodule("vision").state_dict()
    vision.load_state_dict({name: trained[name] for name in vision.state_dict()})
    vision.to(memory_format=torch.channels_last)


@torch.no_grad()
def prepare_sight(model: PaliGemma, seen: Tensor) -> None:
    """Start the connector where image tokens have mean 0 and variance 1, whatever the tower's features are, and tell
    places apart by sines and cosines of their rows and columns: what is common to all tokens would drown the rest."""
    flat = seen[:: max(1, len(seen) // 500)].float().flatten(0, 1)
    mean, deviation = flat.mean(0), flat.std(0) + 1e-3
    weight = torch.randn_like(model.connector.weight) / (len(mean) ** 0.5 * deviation)
    model.connector.weight.copy_(weight)
    model.connector.bias.copy_(-weight @ mean)
    side, width = int(seen.shape[1] ** 0.5), weight.shape[0]
    waves = torch.arange(side)[:, None] * 3.0 ** -torch.arange(width // 4)
    line = torch.cat((waves.sin(), waves.cos()), dim=1)
    rows_, columns = line[:, None].expand(side, side, -1), line[None].expand(side, side, -1)
    assert isinstance(model.places, Places)
    model.places.positions.copy_(torch.cat((rows_, columns), dim=2).flatten(0, 1))


def main() -> None:
    """Read, train, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=("llava", "paligemma"))
    parser.add_argument("--data", type=Path, default=Path("runs/mini-writer"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--from", dest="start", type=Path, help="for paligemma: the folder of the trained mini-llava"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    train_llava(options) if options.model == "llava" else train_paligemma(options)


def train_llava(options: argparse.Namespace) -> None:
    """One round, the tower frozen."""
    model = LLaVA(LLAVA)
    initialise(model)
    nn.init.normal_(model.text.embedding.weight, std=0.02)
    tower_of_mini_clip(model.vision)
    transform = ImageTransform(size=(LLAVA.vision.image_size,) * 2)
    objective, watch = lessons(model, LLAVA_MIXTURE, options, LLAVA_ROUND, chat=True)
    trained = train(model, objective, Steps(objective.examples), LLAVA_ROUND, options.out / "run", watch)
    save(trained, LLAVA, Processor(transform, tokenizer_of(options.data), CHAT), options.out)


def train_paligemma(options: argparse.Namespace) -> None:
    """One round, the tower frozen, from mini-llava's language model."""
    model = PaliGemma(PALIGEMMA)
    initialise(model)
    model.text.load_state_dict(
        seeread.load(options.start, precision="fp32").module.get_submodule("text").state_dict()
    )
    tower_of_mini_clip(model.vision)
    transform = ImageTransform(
        size=(PALIGEMMA.vision.image_size,) * 2, mode="squash"
    )  # boxes are of the whole picture
    trained: nn.Module = model
    for number, (recipe, mixture) in enumerate(
        zip(PALIGEMMA_ROUNDS, PALIGEMMA_MIXTURES, strict=True), start=1
    ):
        objective, watch = lessons(model, mixture, options, recipe, chat=False)
        if number == 1:
            prepare_sight(model, objective.features["scenes"])
        stream = Steps(objective.examples)
        trained = train(trained, objective, stream, recipe, options.out / f"run-{number}", watch)
    save(trained, PALIGEMMA, Processor(transform, tokenizer_of(options.data), PREFIX), options.out)


def lessons(
    model: LLaVA | PaliGemma,
    mixture: Mapping[str, float],
    options: argparse.Namespace,
    recipe: Settings,
    chat: bool,
) -> tuple[Objective, Watch]:
    """What a model learns from, and what it is measured on meanwhile; both as the tower sees them."""
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    objectives = []
    for split in ("train", "dev"):
        sources = sources_of(
            options.data, mixture, split, *(("chat", "words") if chat else ("prompt", "all"))
        )
        seen = look(model.vision, sources, model.config.vision.image_size, options.out / split)
        objectives.append(Objective(Examples(sources, mixture, EXAMPLES, recipe.seed), seen, chat))
    return objectives[0], Watch(objectives[1], mixture)


def tokenizer_of(data: Path) -> Tokenizer:
    """The one that was learned from the training texts."""
    return Tokenizer.load(data, RULES)


def save(model: nn.Module, config: LLaVAConfig | PaliGemmaConfig, processor: Processor, out: Path) -> None:
    """The model as a folder of ours, its weights in half the bytes."""
    halves = {name: t.half() if t.is_floating_point() else t for name, t in model.state_dict().items()}
    write(Checkpoint(config, halves, processor, "native"), out / "model", overwrite=True)
    print(f"Saved to {out / 'model'}. Try: seeread caption PICTURE --model {out / 'model'}")


if __name__ == "__main__":
    main()
