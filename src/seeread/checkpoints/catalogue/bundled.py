"""The models that come with the package, trained by its own recipes."""

from seeread.checkpoints.catalogue.entry import Entry


def bundled() -> tuple[Entry, ...]:
    """Small, and there without a network."""
    mini_clip = Entry(
        name="seeread/mini-clip",
        family="seeread",
        architecture="mini-clip",
        source=None,
        aliases=("mini-clip",),
        parameters=10_412_849,
        resolution=96,
        data="Tiny ImageNet, Flickr8k",
        licence="for research",
    )
    mini_llava = Entry(
        name="seeread/mini-llava",
        family="seeread",
        architecture="mini-llava",
        source=None,
        aliases=("mini-llava",),
        does=("write",),
        parameters=8_892_976,
        resolution=128,
        data="Flickr8k, easy-VQA, Tiny ImageNet, NLVR, drawn scenes",
        licence="for research",
    )
    mini_paligemma = Entry(
        name="seeread/mini-paligemma",
        family="seeread",
        architecture="mini-paligemma",
        source=None,
        aliases=("mini-paligemma",),
        does=("write", "point"),
        parameters=6_082_864,
        resolution=128,
        data="Flickr8k, easy-VQA, Tiny ImageNet, BCCD, COCO, drawn scenes",
        licence="for research",
    )
    return (mini_clip, mini_llava, mini_paligemma)
