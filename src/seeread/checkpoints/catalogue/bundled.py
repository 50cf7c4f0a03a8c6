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
    return (mini_clip,)
