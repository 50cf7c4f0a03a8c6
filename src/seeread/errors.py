"""The errors that are meant for the person at the keyboard: what, why, and what to do next."""


class SeereadError(Exception):
    """A problem with what seeread was given. The command line prints its message and no traceback."""


class CheckpointError(SeereadError):
    """A checkpoint that cannot be read, or does not fit its model. Names file, reason and next step."""


class ImageError(SeereadError):
    """A picture that cannot be opened. `code` is one of a small closed set, see `preprocessing.image`."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class TokenizerError(SeereadError):
    """A tokenizer that cannot be found or read."""


class TemplateError(SeereadError):
    """A chat template that is damaged, hostile, or of no use for the dialogue at hand."""


class DataError(SeereadError):
    """A folder or file of training or evaluation data that cannot be understood."""


class UsageError(SeereadError):
    """An argument that makes no sense: an empty list of labels, an unknown template."""
