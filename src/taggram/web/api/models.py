"""Endpoints about the server, its models, deformations and examples."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from taggram import __version__
from taggram.deform import DEFORMATIONS, Deformation, Range
from taggram.models import ModelCard
from taggram.models.directories import DEFAULT_MODEL, find_model, installed_models
from taggram.web.api.common import Shared
from taggram.web.api.schemas import DeformationInfo, Example, Health, Limits, ModelInfo
from taggram.web.errors import UnknownNameError
from taggram.web.services import check_model

__all__ = ["example_file", "router"]

router = APIRouter()
LOG_RATIO = 4  # of the ends of a range, from which on a control is logarithmic

# In an installed package, and in a checkout.
_EXAMPLES = (Path(__file__).parents[1] / "examples", Path(__file__).parents[4] / "examples")


@router.get("/health", tags=["server"])
async def get_health(shared: Shared) -> Health:
    """Return the state of the server; needs no token."""
    settings = shared.settings
    return Health(
        status="ok",
        version=__version__,
        tracks=len(shared.store),
        queue=shared.places.taken,
        limits=Limits(
            max_bytes=settings.max_size,
            max_seconds=settings.max_seconds,
            max_deform_seconds=settings.max_deform_seconds,
        ),
    )


@router.get("/models", tags=["models"])
def list_models() -> list[ModelInfo]:
    """List the installed models, the default one first."""
    names = sorted(installed_models(), key=lambda name: (name != DEFAULT_MODEL, name))
    return [_describe_model(name, ModelCard.read(find_model(name))) for name in names]


@router.get("/models/{name}", tags=["models"], responses={200: {"content": {"application/json": {}}}})
def get_model(name: str) -> Response:
    """Return the card of a model, as ``taggram models show --json`` prints it."""
    card = ModelCard.read(find_model(check_model(name)))
    return Response(card.to_json(), media_type="application/json")


@router.get("/deformations", tags=["deformations"], response_model_exclude_none=True)
def list_deformations() -> list[DeformationInfo]:
    """List the deformations with their strengths."""
    return [_describe_deformation(deformation) for deformation in DEFORMATIONS.values()]


@router.get("/examples", tags=["tracks"])
def list_examples() -> list[Example]:
    """List the example pieces."""
    return [Example(name=name, title=name.replace("-", " ").capitalize()) for name in sorted(_examples())]


def example_file(name: str) -> Path:
    """Return the file of an example.

    Raises
    ------
    UnknownNameError
        If there is none of this name.
    """
    examples = _examples()
    if name not in examples:
        raise UnknownNameError(f"no example is named {name!r}; see /v1/examples")
    return examples[name]


def _examples() -> dict[str, Path]:
    return {file.stem: file for folder in reversed(_EXAMPLES) for file in folder.glob("*.opus")}


def _describe_model(name: str, card: ModelCard) -> ModelInfo:
    is_default = name == DEFAULT_MODEL
    source = card.trained_on.partition(";")[0]
    return ModelInfo(
        name=name,
        title=f"{card.architecture} (default)" if is_default else card.name,
        default=is_default,
        vocabulary=card.vocabulary.name,
        tags=len(card.vocabulary),
        segment_seconds=round(card.segments.samples / card.sample_rate, 3),
        licence=card.licence,
        summary=f"{card.architecture}, {len(card.vocabulary)} tags, trained on {source}.",
    )


def _describe_deformation(deformation: Deformation) -> DeformationInfo:
    parameter = deformation.parameter
    name = deformation.name.replace("_", "-")
    common = {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "summary": deformation.summary,
        "parameter": parameter.name,
        "unit": parameter.unit,
        "default": parameter.default,
    }
    if isinstance(parameter, Range):
        is_log = parameter.low > 0 and parameter.high / parameter.low >= LOG_RATIO
        return DeformationInfo(**common, min=parameter.low, max=parameter.high, log=is_log)
    return DeformationInfo(**common, choices=list(parameter.values))
