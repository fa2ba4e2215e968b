"""First pass: the answers of every method for every class, on disk."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_jcc.atomic import replace_file
from napari_jcc.benchmark.methods import RECIPES, Guess, Method, Recipe
from napari_jcc.benchmark.sets import LabelledClass
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.pipeline import Cache, FinishedRun, Run
from napari_jcc.pipeline.cache import digest
from napari_jcc.progress import Progress
from napari_jcc.results import JccResult, write_result
from napari_jcc.results.result import bare_image

PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Prediction:
    """Where the answers of one method for one class are, and what they took.

    Attributes
    ----------
    key
        Of everything the answers depend on.
    folder
        As `napari_jcc.results.write_result` fills it.
    seconds
        Of all stages; None where some were found in the cache, so that it is not known.
    notes
        What should be known of the run.
    """

    key: str
    folder: Path
    seconds: float | None
    notes: tuple[str, ...] = ()


def predict(
    labelled: LabelledClass,
    method: Method,
    config: JccConfig,
    out: Path,
    *,
    cache: BenchmarkCache | None = None,
    progress: Progress | None = None,
) -> Prediction:
    """Answer one class by one method, unless `out` has these answers already.

    Parameters
    ----------
    labelled
        The images; their truth is not looked at.
    method
        What answers.
    config
        Settings of the joint program; the method changes them.
    out
        Folder of the benchmark.
    cache
        Where finished stages are kept; methods of one class share most of them. None: a
        new one, so that the seconds are those of all stages.
    progress
        Told of every step; cancels.

    Raises
    ------
    JccError
        If the run fails, or its answers cannot be written.
    """
    recipe = RECIPES[method]
    settings = recipe.config(config)
    folder = out / PREDICTIONS / labelled.name / method.value
    key = _key(labelled, method, settings)
    found = _read(folder, key)
    if found is not None:
        return found
    images = ImageCollection.from_files(labelled.images, config=settings.collection)
    if recipe.guess is not None:
        answered = _guess(images, settings, recipe.guess)
    else:
        kept = cache or BenchmarkCache()
        answered = _run(images, settings, recipe, kept, progress)
    result, seconds = answered
    write_result(result, folder, images, overwrite=True, command="")
    prediction = Prediction(key, folder, seconds, tuple(result.notes))
    _write(prediction)
    return prediction


class BenchmarkCache(Cache):
    """A cache that knows whether anything in it was there before."""

    def __init__(self, folder: str | Path | None = None) -> None:
        super().__init__(folder)
        self._own: set[str] = set()
        self.reused = False

    def begin(self) -> None:
        """Forget what was put in so far: from now on it counts as there before."""
        self._own.clear()
        self.reused = False

    def get(self, key: str) -> Any | None:
        """Return the result kept under `key`, or None."""
        found = super().get(key)
        self.reused |= found is not None and key not in self._own
        return found

    def put(self, key: str, value: Any) -> None:
        """Keep a result under `key`."""
        self._own.add(key)
        super().put(key, value)


def _guess(
    images: ImageCollection, config: JccConfig, guess: Guess
) -> tuple[JccResult, float | None]:
    start = time.perf_counter()
    answers = [guess(images.shape(place)) for place in range(len(images))]
    found = [
        bare_image(name, mask=mask, box=box)
        for name, (mask, box) in zip(images.names, answers, strict=True)
    ]
    return JccResult(tuple(found), config), time.perf_counter() - start


def _run(
    images: ImageCollection,
    config: JccConfig,
    recipe: Recipe,
    cache: BenchmarkCache,
    progress: Progress | None,
) -> tuple[JccResult, float | None]:
    """Run and decide; the seconds of all stages, if none was found in the cache."""
    cache.begin()
    run = Run(
        images, config, cache=cache, progress=progress, formulation=recipe.formulation
    )
    finished = run.finish()
    start = time.perf_counter()
    result = _decide(finished, recipe)
    decision = time.perf_counter() - start
    seconds = sum(result.seconds.values()) + decision
    return result, None if cache.reused else seconds


def _decide(finished: FinishedRun, recipe: Recipe) -> JccResult:
    known = zip(finished.result.images, finished.images, finished.cuts, strict=True)
    decided = tuple(recipe.decide(*of_image) for of_image in known)
    return replace(finished.result, images=decided)


def _key(labelled: LabelledClass, method: Method, config: JccConfig) -> str:
    settings: dict[str, Any] = config.model_dump(mode="json", exclude={"runtime"})
    images = [str(path.resolve()) for path in labelled.images]
    return digest("prediction", method.value, settings, images)


def _mark(folder: Path) -> Path:
    """File beside the folder of answers that says they are complete."""
    return folder.with_name(f"{folder.name}.json")


def _write(prediction: Prediction) -> None:
    mark = _mark(prediction.folder)
    content = {
        "key": prediction.key,
        "seconds": prediction.seconds,
        "notes": prediction.notes,
    }
    replace_file(mark, json.dumps(content, indent=2).encode())


def _read(folder: Path, key: str) -> Prediction | None:
    """Return the answers in `folder` if they are complete and those of `key`."""
    try:
        content = json.loads(_mark(folder).read_text(encoding="utf-8"))
        if content["key"] != key or not folder.is_dir():
            return None
        seconds = content["seconds"]
        known = None if seconds is None else float(seconds)
        return Prediction(key, folder, known, tuple(content["notes"]))
    except (OSError, ValueError, KeyError, TypeError):
        # Nothing there, or the file is damaged: the answers are made again.
        return None
