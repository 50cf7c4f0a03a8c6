"""`POST /api/classify`: which of these labels fits the picture?"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.dataclasses import dataclass

from seeread.pretrained import Pretrained
from seeread.serving.body import STRICT
from seeread.serving.desk import Desk
from seeread.serving.tell import JSON, Tell
from seeread.serving.work import work
from seeread.tasks.certainty.calibration import Calibration
from seeread.tasks.certainty.certain import Certain, unfit
from seeread.tasks.classes import Classes
from seeread.tasks.classify import certain_of, classify, knows_classes, way_of
from seeread.tasks.prompts import check_labels
from seeread.tasks.scores import Classification


@dataclass(frozen=True, config=STRICT)
class Body:
    """A model, a kept picture, and the labels to choose from: none for a model that knows classes of its own."""

    model: str
    picture: str
    labels: Annotated[list[str], Field(max_length=1000)] | None = None
    template: str | None = None


def router(desk: Desk) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/classify")

    @routes.post("")
    async def classified(body: Body, request: Request) -> Response:
        """{"kind", "calibrated", "rests_on", "known", "scores": [{"label", "score", "similarity"}]}, best first. Scores
        are probabilities where they are calibrated, and `rests_on` says on what; `known` is false where the picture
        seems to show none of the labels, and null where nobody can tell."""

        def job(tell: Tell) -> JSON:
            picture = desk.pictures.open(body.picture)
            with desk.shelf.model(body.model, tell) as model:
                tell.doing("Comparing picture and labels")
                fitting = _fitting(model, body, desk.shelf.calibration(body.model))
                found = classify(model, picture, body.labels, template=body.template, calibration=fitting)
                return _told(found, certain_of(model, fitting, _labels(model, body), body.template))

        return await work(request, job)

    return routes


def _labels(model: Pretrained, body: Body) -> list[str]:
    return Classes(model, body.labels).labels if knows_classes(model) else check_labels(body.labels or [])


def _fitting(model: Pretrained, body: Body, calibration: Calibration | None) -> Calibration | None:
    """The calibration, if it is for scores of the kind that will come."""
    if calibration is None:
        return None
    way = way_of(model, _labels(model, body), body.template)
    return None if unfit(calibration, way.kind, way.prior) else calibration


def _told(found: Classification, trust: Certain | None) -> JSON:
    pairs = zip(found.scores, found.similarities, strict=True)
    return {
        "kind": found.kind,
        "calibrated": found.calibrated,
        "rests_on": _basis(trust) if trust and found.calibrated else None,
        "known": found.certainty.known if found.certainty else None,
        "scores": [{"label": label, "score": score, "similarity": like} for (label, score), like in pairs],
    }


def _basis(trust: Certain) -> str:
    """What percentages rest on, in a sentence."""
    evidence = trust.fitted.evidence
    rest = "" if trust.same else " With other labels, as here, they are a rough guide."
    return f"Percentages are calibrated on {evidence.fitted:,} pictures of {evidence.name}.{rest}"
