"""Endpoints about the server, its models, deformations and examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from taggram import __version__
from taggram.audio import probe
from taggram.deform import DEFORMATIONS, Deformation, Range
from taggram.models import ModelCard
from taggram.models.directories import BASELINE_FILE, DEFAULT_MODEL, ONNX_FILE, find_model, installed_models
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


@router.get("/models/{name}", tags=["models"], response_model=dict[str, Any])
def get_model(name: str) -> JSONResponse:
    """Return the card of a model, as ``taggram models show --json`` prints it, and ``cost``: the size of its file."""
    folder = find_model(check_model(name))
    card = json.loads(ModelCard.read(folder).to_json())
    sizes = [(folder / file).stat().st_size for file in (ONNX_FILE, BASELINE_FILE) if (folder / file).is_file()]
    return JSONResponse({**card, "cost": {"file_bytes": sum(sizes)}})


@router.get("/deformations", tags=["deformations"], response_model_exclude_none=True)
def list_deformations() -> list[DeformationInfo]:
    """List the deformations with their strengths."""
    return [_describe_deformation(deformation) for deformation in DEFORMATIONS.values()]


@router.get("/examples", tags=["tracks"])
def list_examples() -> list[Example]:
    """List the example pieces."""
    infos = {name: probe(file) for name, file in sorted(_examples().items())}
    return [
        Example(name=name, title=info.tags.get("title", name), artist=info.tags.get("artist"))
        for name, info in infos.items()
    ]


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
