"""Trains `seeread/mini-llava` and `seeread/mini-paligemma`, the small models that write and come with the package.

    python recipes/mini_writer_data.py --data DATA
    python recipes/mini_writers.py llava --out runs/mini-llava
    python recipes/mini_writers.py paligemma --out runs/mini-paligemma --from runs/mini-llava/model

mini-llava: the vision tower of `seeread/mini-clip`, frozen, as in LLaVA; connector and language model learn together
from nothing, since there is no small language model to start from. What the tower sees is computed once.

mini-paligemma: the same tower and mini-llava's language model, which learns to read pictures and prompts both ways; the
first round keeps the tower as it is, the second trains everything, for places are not among what the tower knew.
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
from seeread.training.losses import next_token
from seeread.training.recipe import Recipe
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
    vision=ResNetConfig(layers=(2, 2, 2, 2), stem=32, heads=16, image_size=160), text=TEXT, places=True
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
    kind="prefix", end_ids=(END,), start_text="<start>", image_text="<image>", image_id=IMAGE, image_tokens=25,
    bins=BINS, caption="caption en", answer="answer en {question}", detect="detect {labels}",
)  # fmt: skip

LLAVA_MIXTURE = {"flickr8k": 0.36, "easy_vqa": 0.18, "tiny_imagenet": 0.16, "nlvr": 0.04, "scenes": 0.26}
PALIGEMMA_MIXTURES = (
    {
        "flickr8k": 0.14, "easy_vqa": 0.08, "tiny_imagenet": 0.08, "nlvr": 0.02, "bccd": 0.05, "coco_mini": 0.06,
        "scenes": 0.17, "scenes:places": 0.40,
    },
    {
        "flickr8k": 0.10, "easy_vqa": 0.08, "tiny_imagenet": 0.06, "bccd": 0.05, "coco_mini": 0.03, "scenes": 0.20,
        "scenes:places": 0.48,
    },
)  # fmt: skip
"""The share of each source in a step; of one with ":places", only answers that begin with a place."""

LLAVA_ROUND = Recipe(steps=1500, rate=1.5e-3, warmup=100, average=0.995, frozen=("vision",))
PALIGEMMA_ROUNDS = (
    Recipe(steps=300, rate=1e-3, warmup=50, average=0.98, frozen=("vision", "places"), seed=1),
    Recipe(steps=1250, rate=1e-3, warmup=60, average=0.99, seed=2),
)
SIZES = {"llava": 96, "paligemma": 80}
"""Examples a step."""


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
    folders = {name: data / f"{name.removesuffix(':places')}-{split}" for name in mixture}
    return {name: Source(f, prompt, "places" if name.endswith(":places") else kept) for name, f in folders.items()}


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
    """The loss of a step, on pictures or on what the frozen tower has seen of them."""

    def __init__(self, examples: Examples, side: int, features: Mapping[str, Tensor] | None, chat: bool):
        self.examples, self.side, self.features, self.chat = examples, side, features, chat
        self.image_tokens = (side // 32) ** 2

    def __call__(self, model: nn.Module, step: int) -> Tensor:
        return self.on(model, self.examples(step))

    def on(self, model: nn.Module, chosen: Sequence[tuple[str, int]]) -> Tensor:
        """The loss on these examples."""
        assert isinstance(model, LLaVA | PaliGemma)
        model.vision.eval()  # its norms keep the statistics that they were trained with
        sources = self.examples.sources
        prompts = [sources[name].prompts[row] for name, row in chosen]
        answers = [sources[name].answers[row] for name, row in chosen]
        batch = rows(prompts, answers, self.image_tokens, self.chat)
        places = [(name, int(sources[name].image[row])) for name, row in chosen]
        if self.features is None:
            stacked = torch.stack([sources[name].pictures(place) for name, place in places])
            return next_token(model, replace(batch, images=pixels(stacked, self.side)))
        seen = torch.stack([self.features[name][place] for name, place in places]).float()
        return next_token(model, replace(batch, sight=model.connector(seen).flatten(0, 1)))


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
            told[name] = round(self.objective.on(model, [(name, int(row)) for row in spread]).item(), 4)
        return told


@torch.no_grad()
def look(vision: nn.Module, sources: Mapping[str, Source], side: int, kept: Path) -> dict[str, Tensor]:
    """What the tower sees of every picture, (pictures, tokens, width) bf16; computed once and kept on disk."""
    seen = {}
    vision.eval().to(memory_format=torch.channels_last)
    for name, source in sources.items():
        file = kept / f"{name}-{side}.safetensors"
        if not file.is_file():
            with torch.autocast("cpu", torch.bfloat16):
                starts = range(0, len(source.images), 250)
                parts = [vision(pixels(source.pictures(slice(s, s + 250)), side)).bfloat16() for s in starts]
            write_safetensors(file, {"features": torch.cat(parts)})
        seen[name] = read_tensors(file)["features"]
        print(f"seen: {name}", flush=True)
    return seen


def tower_of_mini_clip(vision: nn.Module) -> None:
    """Give a tower the weights of the bundled dual encoder's."""
    trained = seeread.load("seeread/mini-clip", precision="fp32").module
    vision.load_state_dict(trained.get_submodule("vision").state_dict())


def main() -> None:
    """Read, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=SIZES)
    parser.add_argument("--data", type=Path, default=Path("runs/mini-writer"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, help="for paligemma: the folder of the trained mini-llava")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    train_llava(options) if options.model == "llava" else train_paligemma(options)


def train_llava(options: argparse.Namespace) -> None:
    """One round, the tower frozen."""
    mixture, side = LLAVA_MIXTURE, 128
    model = LLaVA(LLAVA)
    initialise(model)
    nn.init.normal_(model.text.embedding.weight, std=0.02)
    tower_of_mini_clip(model.vision)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    known, unknown = (sources_of(options.data, mixture, split, "chat", "words") for split in ("train", "dev"))
    for split in ("train", "dev"):
        (options.out / split).mkdir(exist_ok=True)
    seen, unseen = (look(model.vision, s, side, options.out / n) for n, s in (("train", known), ("dev", unknown)))
    objective = Objective(Examples(known, mixture, SIZES["llava"], LLAVA_ROUND.seed), side, seen, chat=True)
    watched = Objective(Examples(unknown, mixture, 1, 0), side, unseen, chat=True)
    trained = train(model, objective, LLAVA_ROUND, options.out / "run", Watch(watched, mixture), every=100)
    save(trained, LLAVA, Processor(ImageTransform(size=(side, side)), tokenizer_of(options.data), CHAT), options.out)


def train_paligemma(options: argparse.Namespace) -> None:
    """Two rounds, the tower frozen and then not."""
    side = PALIGEMMA.vision.image_size
    model = PaliGemma(PALIGEMMA)
    initialise(model)
    nn.init.zeros_(model.places.positions)
    model.text.load_state_dict(seeread.load(options.start, precision="fp32").module.get_submodule("text").state_dict())
    tower_of_mini_clip(model.vision)
    model.vision.to(memory_format=torch.channels_last)
    trained: nn.Module = model
    for number, (recipe, mixture) in enumerate(zip(PALIGEMMA_ROUNDS, PALIGEMMA_MIXTURES, strict=True), start=1):
        known, unknown = (sources_of(options.data, mixture, split, "prompt", "all") for split in ("train", "dev"))
        objective = Objective(Examples(known, mixture, SIZES["paligemma"], recipe.seed), side, None, chat=False)
        watched = Objective(Examples(unknown, mixture, 1, 0), side, None, chat=False)
        trained = train(trained, objective, recipe, options.out / f"run-{number}", Watch(watched, mixture), every=100)
    transform = ImageTransform(size=(side, side), mode="squash")  # boxes are of the whole picture
    save(trained, PALIGEMMA, Processor(transform, tokenizer_of(options.data), PREFIX), options.out)


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
