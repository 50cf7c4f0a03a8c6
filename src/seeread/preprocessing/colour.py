"""Every way a file stores colour, turned into plain 8-bit RGB."""

from PIL import Image, ImageCms

from seeread.errors import ImageError

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_BITS_PER_SAMPLE = 258  # TIFF tags
_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """`image` as 8-bit RGB: transparency over white, 16-bit grey scaled (Pillow would clip it to white).

    CMYK follows Adobe's inverted convention in JPEGs, as Pillow reads them. Colour profiles are not applied, as
    in every reference implementation. Raises `ImageError("image_mode")` for pixels whose range is not known.
    """
    if image.mode in _SIXTEEN_BIT:
        return _scale_sixteen_bit(image, name)
    if image.mode == "F":
        raise ImageError(
            "image_mode", f"{name} holds floating-point values of unknown range: save it with 8 or 16 bits per channel"
        )
    if image.mode == "LAB":
        to_srgb = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        )
        converted = ImageCms.applyTransform(image, to_srgb)
        assert converted is not None  # None only when working in place
        return converted
    if image.has_transparency_data and _transparency_is_usable(image):
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _transparency_is_usable(image: Image.Image) -> bool:
    # A 16-bit RGB file names its see-through colour with 16 bits, but its pixels arrive here with 8.
    key = image.info.get("transparency")
    return not (image.mode == "RGB" and isinstance(key, tuple) and max(key) > 255)


def _scale_sixteen_bit(image: Image.Image, name: str) -> Image.Image:
    import numpy

    tags = getattr(image, "tag_v2", {})
    brightest = 4095 if tags.get(_BITS_PER_SAMPLE) == (12,) else 65535
    values = numpy.asarray(image).astype(numpy.int64)
    if values.min() < 0 or values.max() > brightest:
        raise ImageError(
            "image_mode", f"{name} holds whole numbers beyond 16 bits: save it with 8 or 16 bits per channel"
        )
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = brightest - values
    grey = (values * 255 + brightest // 2) // brightest
    return Image.fromarray(grey.astype(numpy.uint8)).convert("RGB")
