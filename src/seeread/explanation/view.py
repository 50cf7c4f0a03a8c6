"""Where on a person's picture that lies which a model sees."""

from seeread.explanation.heatmap import Area
from seeread.preprocessing.transform import ImageTransform


def area_of(transform: ImageTransform, width: int, height: int) -> Area:
    """What of a picture of that size, in pixels, enters a model that takes one square."""
    if transform.mode == "squash":
        return Area()
    if transform.mode == "square":
        seen_width = seen_height = float(max(width, height))
    elif transform.mode == "cut":
        side = transform.size[0] / (transform.short_side or transform.size[0]) * min(width, height)
        seen_width = seen_height = side
    else:  # crop, pad: resized first, and then the middle cut out or filled up
        resized_height, resized_width = transform.resized_size(height, width)
        seen_width = transform.size[1] * width / resized_width
        seen_height = transform.size[0] * height / resized_height
    across, down = seen_width / width / 2, seen_height / height / 2
    return Area(0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down)
