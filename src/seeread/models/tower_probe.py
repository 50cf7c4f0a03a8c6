"""A tower and a linear probe on what it sees: it knows the classes that it was taught, and reads nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seeread.interface import Images, Patched, Patches, Pictures, Square
from seeread.vision.naflex import NaFlexConfig
from seeread.vision.tower import ImagePool, TowerConfig, build_pool, build_tower
from seeread.vision.vit import ViTConfig


@dataclass(frozen=True, kw_only=True)
class TowerProbeConfig:
    """`image_pool` makes one feature an image of one a patch: that of the dual encoder whose tower it is, or their mean
    if None. `embedding` is the width of that dual encoder's vectors, to which one kind of pool projects."""

    vision: TowerConfig
    classes: int
    image_pool: ImagePool | None = None
    embedding: int | None = None
    image_tokens = 0  # no words, and so no places among them

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise ValueError(f"it tells {self.classes} classes apart")
        if (self.embedding is None) == (self.image_pool == "spatial attention"):
            raise ValueError(
                "a width of its vectors belongs to the pool that projects to it, and to no other"
            )
        if self.image_pool is None and isinstance(self.vision, NaFlexConfig):
            raise ValueError("the mean of its features would count padding")

    @property
    def pictures(self) -> Pictures:
        """Of one size, or of any where the tower takes patches."""
        c = self.vision
        return Patched(c.patch_size) if isinstance(c, NaFlexConfig) else Square(c.image_size)

    @property
    def dropped(self) -> int:
        """How many of the first features of an image are left out of their mean: the class token, or nothing."""
        return int(isinstance(self.vision, ViTConfig) and self.vision.class_token)

    @property
    def width(self) -> int:
        """Of the feature that an image becomes."""
        return self.embedding or self.vision.width


class Standard(nn.Module):
    """Brings features to mean 0 and variance 1, by those that `settle` was shown."""

    def __init__(self, width: int):
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    @torch.no_grad()
    def settle(self, features: Tensor) -> None:
        """Let the mean and the deviation be those of these features, (images, width), of at least two images."""
        self.mean.copy_(features.mean(dim=0))
        self.deviation.copy_(features.std(dim=0).clamp(min=1e-3 * features.std()))  # some never change (ReLU)

    def forward(self, x: Tensor) -> Tensor:
        """(images, width) to the same; in float32 inside, for a difference of large numbers may be small."""
        return ((x.float() - self.mean) / self.deviation).to(x.dtype)


class TowerProbe(nn.Module):
    """Linear evaluation as CLIP is judged by (arXiv:2103.00020, section 3.2): on features from before the projection.
    They are brought to mean 0 and variance 1 first, as in MAE (arXiv:2111.06377, appendix A.1), so that one learning
    rate does for all towers; by pictures seen before, so that no picture depends on those beside it."""

    def __init__(self, config: TowerProbeConfig):
        super().__init__()
        c = self.config = config
        self.vision = build_tower(c.vision)
        self.image_pool = (
            nn.Identity() if c.image_pool is None else build_pool(c.image_pool, c.vision, c.width)
        )
        self.standard = Standard(c.width)
        self.head = nn.Linear(c.width, c.classes)

    def see(self, images: Images) -> Tensor:
        """One feature an image, (images, width)."""
        if isinstance(images, Patches):
            return self.image_pool(self.vision(images.pixels, images.grid, images.valid), images.valid)
        features = self.image_pool(self.vision(images))
        assert isinstance(features, Tensor)
        return features[:, self.config.dropped :].mean(dim=1) if features.ndim == 3 else features

    def classify(self, images: Images) -> Tensor:
        """Logits (images, classes) of images (images, 3, height, width) or patches."""
        return self.head(self.standard(self.see(images)))

    def forward(self, images: Images) -> Tensor:
        """Logits (images, classes)."""
        return self.classify(images)


def probing(model: nn.Module, classes: int) -> TowerProbe:
    """A probe of the tower of `model`, whose weights it takes over, and of its pool if it has one for comparing; what
    tells the classes apart starts at nothing. Raises ValueError for a model without a tower that can be probed."""
    config, tower = getattr(model, "config", None), getattr(model, "vision", None)
    c = getattr(config, "vision", None)
    if not isinstance(c, TowerConfig) or tower is None:
        raise ValueError("it has no image tower whose features could be told apart")
    pool: ImagePool | None = getattr(config, "image_pool", None)
    width = getattr(config, "embedding", None) if pool == "spatial attention" else None
    probe = TowerProbe(TowerProbeConfig(vision=c, classes=classes, image_pool=pool, embedding=width))
    probe.vision = tower
    if pool is not None:
        probe.image_pool = model.get_submodule("image_pool")
    nn.init.zeros_(probe.head.weight)
    nn.init.zeros_(probe.head.bias)
    return probe
