"""What stands around maps, for people."""

from seeread.explanation.heatmap import Explanation

MEANING = (
    "Faithful: parts of the picture were taken away, and put back, in the order of the map. The figure is how much "
    "more the answer depends on where the map is hot than on where it is cold: 1 would be perfect, 0 is chance. Blind "
    "maps know nothing of the model: random blobs, the middle, edges."
)


def question(one: Explanation) -> str:
    """What was asked, for people."""
    if one.answer is None:
        return "How well do these fit, and where?"
    if any(heatmap.kind == "box" for heatmap in one.maps):
        return f"Where is this? {one.text}".rstrip()
    return one.text or "What does the picture show?"


def said(one: Explanation) -> str:
    """What the model said, for people: the answer, or the labels or boxes."""
    if one.answer is None or any(heatmap.kind == "box" for heatmap in one.maps):
        return ", ".join(heatmap.about for heatmap in one.maps)
    return one.answer
