"""Things found in a picture as programs take them: plain JSON."""

from typing import Any

from seeread.tasks.pointing.detections import Detection, Detections, run_lengths


def plain(found: Detections) -> dict[str, Any]:
    """{"width", "height", "objects", "dropped", "cut"}; each object as `plain_object` has it."""
    width, height = found.size
    content: dict[str, Any] = {"width": width, "height": height}
    content["objects"] = [plain_object(each) for each in found]
    return content | {"dropped": found.dropped, "cut": found.cut}


def plain_object(each: Detection) -> dict[str, Any]:
    """{"label", "confidence", "calibrated", "box", "pixels"}, and where there are any "codes", and the "mask" as COCO's
    run lengths, {"size": [height, width], "counts": [...]}."""
    content: dict[str, Any] = {"label": each.label, "confidence": each.confidence, "calibrated": each.calibrated}
    content["box"] = each.box._asdict()
    content["pixels"] = dict(zip(each.box._fields, each.pixels, strict=True))
    if each.codes is not None:
        content["codes"] = each.codes
    if (mask := each.mask) is not None:
        content["mask"] = {"size": list(mask.shape), "counts": run_lengths(mask)}
    return content
