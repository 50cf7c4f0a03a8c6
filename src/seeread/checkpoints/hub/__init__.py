"""From a name to files on this disk: a path, a model of the package, the hub's cache, the hub. Never imports torch."""

from seeread.checkpoints.hub.cache import cache_folder, revision_of
from seeread.checkpoints.hub.location import clip_tokenizer_file, locate
from seeread.checkpoints.hub.verification import Verified, verify

__all__ = ["Verified", "cache_folder", "clip_tokenizer_file", "locate", "revision_of", "verify"]
