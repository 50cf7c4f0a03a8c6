"""The ways to fuse: where sight enters, and what that costs."""

from pathlib import Path

from recipes.family_table import measured
from recipes.figures.figure import Figure, of_chart
from seeread.charts.chart import Bars, Series

SHORT = {
    "CLIP ViT-B/32": "CLIP", "LLaVA 1.5 7B": "LLaVA 1.5", "PaliGemma 2 3B, 224": "PaliGemma 2",
    "OpenFlamingo 9B": "Flamingo", "ViT-L/16 and mT5-large": "PaLI", "Fuyu 8B": "Fuyu",
    "LLaVA 1.5 7B's parts": "Hybrid",
}  # fmt: skip


def ways(scratch: Path) -> Figure:
    """One small drawing for each way."""
    drawn = [
        {
            "name": SHORT[row.example],
            "tower": (found.sees_with or "").partition(",")[0],
            "connector": [part.partition(" ")[0] for part in found.connector],
            "enters": list(found.enters),
            "places": found.places,
            "media": found.media,
            "first": found.first,
        }
        for row, found in measured()
        if row.example in SHORT
    ]
    return Figure(
        "flow",
        "Where sight enters",
        "Each drawing is read off a model: its tower, what is between the tower and the words, how many tokens a "
        "picture becomes, and the first layer that works on both.",
        {"ways": drawn},
    )


def cost(scratch: Path) -> Figure:
    """Of all that is computed for a picture and 32 words, what works on sight, on words, and on both."""
    rows = [(SHORT[row.example], found.flops) for row, found in measured() if row.example in SHORT]
    totals = [flops.sight + flops.words + flops.both for _, flops in rows]
    shares = {
        "sight alone": [flops.sight for _, flops in rows],
        "words alone": [flops.words for _, flops in rows],
        "both": [flops.both for _, flops in rows],
    }
    series = [
        Series(name, [round(count / total, 5) for count, total in zip(counts, totals, strict=True)],
               notes=[f"{count / 1e9:,.1f} GFLOPs" for count in counts])
        for name, counts in shares.items()
    ]  # fmt: skip
    return of_chart(
        Bars("What is computed before and after sight and words meet", [name for name, _ in rows], series),
        "Late fusion computes next to nothing on both, so that millions of pictures can be searched with vectors that "
        "were made once; early fusion computes everything on both, and sees each picture in the light of the words.",
    )
