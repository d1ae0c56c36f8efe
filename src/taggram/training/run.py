"""A complete training: sources, teachers, network or classical model, and the files of the result."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from taggram._progress import ProgressHook, no_progress
from taggram._system import cpu_count
from taggram.models import ModelCard
from taggram.models.card import BASELINES
from taggram.models.directories import model_dir
from taggram.training.preparation import pack_sources, read_recipe, require_extra
from taggram.training.speed import cpu_threads
from taggram.vocabularies import Vocabulary

with contextlib.suppress(ModuleNotFoundError):  # without the extra, `train` exists and raises MissingExtraError
    from taggram.training.recipe import Recipe

if TYPE_CHECKING:
    from taggram.training.plan import Plan


@dataclass(frozen=True)
class TrainResult:
    """The result of a training.

    Attributes
    ----------
    folder
        Folder of the model, for `Tagger`.
    card
        Its card.
    metrics
        Row of the history of the epoch whose weights the model has, such as ``validation_loss``, and with labels as
        targets ``roc_auc`` and ``average_precision``, on the validation split; empty for a classical model.

    Examples
    --------
    >>> from taggram import Tagger
    >>> result = TrainResult(Path("model"), Tagger().card)
    >>> result.folder.name, result.card.architecture
    ('model', 'small_vgg')
    """

    folder: Path
    card: ModelCard
    metrics: Mapping[str, float] = field(default_factory=dict)


def train(
    recipe: Recipe | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    device: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    threads: int | None = None,
    compile_layers: bool = False,
    resume: bool = True,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
    on_epoch: Callable[[Mapping[str, float]], None] | None = None,
) -> TrainResult:
    r"""Train a model.

    The sources of the recipe are packed into its store first, at the sample rate that the architecture takes. Teachers
    score the clips next. Then the network is trained, or the classical model fitted, and the model is written. Packed
    clips, scores and a checkpoint per epoch are kept on disk: after an interruption the same call resumes, bit for bit
    on a CPU with the same number of threads.

    Parameters
    ----------
    recipe
        The recipe, its YAML file, or the name of one of `taggram.training.list_recipes`.
    out
        Folder for the model, the effective recipe, the checkpoint and the history; None: the folder in which `Tagger`
        looks for a model of the recipe's name.
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``; ``"auto"`` is a GPU if there is one.
    devices
        Number of GPUs, or of processes on the CPU, that share each step. The result is that of one with the same
        ``optim.batch_size``, except for batch norm, whose statistics on the CPU are of each process's part, and for
        random numbers.
    nodes
        Number of machines with as many devices. Each runs the same call, with the store and `out` on shared storage,
        the sources packed before, and the environment variables ``MASTER_ADDR``, ``MASTER_PORT`` and ``NODE_RANK``.
    threads
        Threads on the CPU, of all processes together; None: the number of cores.
    compile_layers
        Whether to compile the network with `torch.compile`, which takes minutes and pays on GPUs.
    resume
        Whether to resume from the checkpoint in `out`, if there is one. False: restart.
    progress
        Shows the progress of packing, training and validation.
    report
        Called with a line for each completed step and epoch, for each warning, and for each damaged or unreadable file.
    on_epoch
        Called after each epoch with its row of the history. What it raises ends the training, which can be resumed.
        With several devices, this and the two before must be picklable and must not raise.

    Returns
    -------
    TrainResult
        The folder and the card of the model.

    Raises
    ------
    RecipeError
        If the recipe is invalid or does not fit its store, or `out` contains another training.
    DatasetError
        If a source or the store cannot be read.
    ModelError
        If a teacher is not installed and cannot be imported.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets.synthetic import write_noise
    >>> from taggram.training import Recipe
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = ["path,labels,split"]
    ...     for i, split in enumerate(["train", "train", "valid", "valid"]):
    ...         write_noise(Path(folder, f"{i}.wav"), seconds=2, seed=i)
    ...         rows.append(f"{i}.wav,{('odd', 'even')[i % 2]},{split}")
    ...     _ = Path(folder, "clips.csv").write_text("\n".join(rows))
    ...     recipe = Recipe.parse(f'''
    ...         name: knn.mine
    ...         data: {{store: {folder}/store, sources: [{{name: mine, path: {folder}/clips.csv}}]}}
    ...         model: {{architecture: knn}}
    ...     ''')
    ...     train(recipe, f"{folder}/model").card.vocabulary.names
    ('mine/even', 'mine/odd')
    """
    report = report or _ignore
    workers = cpu_count()
    require_extra()
    from taggram.training.baselines import fit_baseline
    from taggram.training.calibration.run import calibrate_on
    from taggram.training.distillation.plan import with_teachers
    from taggram.training.loop.devices import choose_devices
    from taggram.training.loop.fit import fit

    recipe, source = read_recipe(recipe)
    chosen = choose_devices(device, devices, nodes)
    folder = _model_folder(recipe, out)
    if recipe.data.sources and nodes == 1:
        pack_sources(recipe, source, workers, progress, report)
    plan = _make_plan(recipe, source)
    with cpu_threads(threads):
        if recipe.model.architecture in BASELINES:
            return TrainResult(folder, fit_baseline(plan, folder, jobs=threads or workers))
        if recipe.distill.teachers:
            plan = with_teachers(plan, workers=workers, device=chosen.device, report=report)
        card, row = fit(
            plan,
            folder,
            chosen,
            resume=resume,
            compile_layers=compile_layers,
            progress=progress,
            report=report,
            on_epoch=on_epoch,
        )
        if recipe.distill.teachers:
            card = calibrate_on(folder, plan.store, recipe, workers=workers, progress=progress, report=report).card
        return TrainResult(folder, card, row)


@dataclass(frozen=True)
class DryRunResult:
    """What a training would do.

    Attributes
    ----------
    folder
        Folder of the model.
    recipe
        The effective recipe, with the tags of the vocabulary and all defaults.
    vocabulary
        The tags.
    train_clips, valid_clips
        Number of clips of both splits.
    unlabelled_tags
        Tags that no training clip has; none where teachers give the targets.
    parameters
        Number of the network's parameters; None for a classical model.
    """

    folder: Path
    recipe: Recipe
    vocabulary: Vocabulary
    train_clips: int
    valid_clips: int
    unlabelled_tags: tuple[str, ...]
    parameters: int | None


def dry_run(recipe: Recipe | str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> DryRunResult:
    """Check a recipe and its store, and return what `train` would do; nothing is written.

    Parameters
    ----------
    recipe
        The recipe, its file or its name, as of `train`. Its sources are not packed: the store must exist.
    out
        See `train`.

    Returns
    -------
    DryRunResult
        The effective recipe, the tags and the number of clips.

    Raises
    ------
    RecipeError
        If the recipe is invalid or does not fit its store.
    DatasetError
        If the store cannot be read.
    MissingExtraError
        Without the [train] extra.
    """
    require_extra()
    plan = _make_plan(*read_recipe(recipe))
    unlabelled: tuple[str, ...] = ()
    if not plan.recipe.distill.teachers:
        unlabelled = tuple(tag for tag, n in zip(plan.vocabulary.names, plan.positives, strict=True) if n == 0)
    return DryRunResult(
        folder=_model_folder(plan.recipe, out),
        recipe=plan.recipe,
        vocabulary=plan.vocabulary,
        train_clips=len(plan.train.clips),
        valid_clips=len(plan.valid.clips),
        unlabelled_tags=unlabelled,
        parameters=plan.count_parameters(),
    )


def _model_folder(recipe: Recipe, out: str | os.PathLike[str] | None) -> Path:
    return model_dir(recipe.name) if out is None else Path(out)


def _make_plan(recipe: Recipe, source: str) -> Plan:
    from taggram.datasets import PackedStore
    from taggram.training.plan import make_plan

    return make_plan(recipe, PackedStore(recipe.data.store), source)


def _ignore(line: str) -> None:
    del line
