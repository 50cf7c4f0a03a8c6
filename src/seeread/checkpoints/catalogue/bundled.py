"""The models that come with the package, trained by its own recipes."""

from seeread.checkpoints.catalogue.entry import Ability, Entry

_SHAPES = "Flickr8k, easy-VQA, Tiny ImageNet"


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
        data="Tiny ImageNet, Flickr8k, easy-VQA; a teacher that learned ImageNet",
        licence="for research",
    )
    return (
        mini_clip,
        _writer("llava", 6_733_552, 128, f"{_SHAPES}, NLVR, drawn scenes"),
        _writer("paligemma", 6_082_864, 128, f"{_SHAPES}, BCCD, COCO, drawn scenes", ("write", "point")),
        _writer("flamingo", 6_396_660, 128, f"{_SHAPES}, drawn scenes"),
        _writer("pali", 4_854_832, 128, _SHAPES),
        _writer("hybrid", 4_797_492, 64, f"{_SHAPES}, drawn scenes"),
        _writer("fuyu", 3_037_440, 64, _SHAPES),
    )


def _writer(
    family: str, parameters: int, resolution: int, data: str, does: tuple[Ability, ...] = ("write",)
) -> Entry:
    name = f"mini-{family}"
    return Entry(
        name=f"seeread/{name}",
        family="seeread",
        architecture=name,
        source=None,
        aliases=(name,),
        does=does,
        parameters=parameters,
        resolution=resolution,
        data=data,
        licence="for research",
    )
