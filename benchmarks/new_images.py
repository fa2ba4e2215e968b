"""What the corrections of one session do for images that were not in it.

    python benchmarks/new_images.py --root DATA --sets wbc,msrc/car [--corrected 3]

Of every set the even images are a session, in which the worst are corrected one after the
other by strokes from the truth, as in ``corrections.py``; it is saved as a project. The odd
images are new. Printed is J of these in percent: segmented by themselves, together with the
images that were corrected but without their strokes, and taught by the project.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from corrections import (
    STROKES,
    add_options,
    draw_stroke,
    first_images,
    read_config,
    scores,
)
from sets import LabelledSet, load_sets

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, closest_preset
from napari_jcc.interaction import Corrector
from napari_jcc.pipeline import Cache, Run
from napari_jcc.project import Project, describe_inputs, segment_taught


def correct(labelled: LabelledSet, config: JccConfig, cache: Cache, count: int) -> Project:
    """Correct the worst images of a session, and return it as a project."""
    collection = ImageCollection.from_files(labelled.images)
    corrector = Corrector(Run(collection, config, cache=cache).finish())
    touched: list[int] = []
    for _ in range(count):
        now = scores([image.mask for image in corrector.result.images], labelled)
        now[touched] = 101
        worst = int(now.argmin())
        touched.append(worst)
        for _ in range(STROKES):
            mask = corrector.result.images[worst].mask
            stroke = draw_stroke(mask, labelled.masks[worst], labelled.ignored[worst])
            if stroke is not None:
                corrector.update(corrector.edits.paint(corrector.keys[worst], *stroke))
                corrector.answer(worst)
        settled = corrector.settle()
    machine = replace(settled.result, images=corrector.machine)
    inputs, preset = describe_inputs(collection), closest_preset(config)
    return Project(inputs, config, preset, machine, corrector.edits)


def main() -> None:
    """Print a row for every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--images", type=int, default=15, help="of the session, and new")
    parser.add_argument("--corrected", type=int, default=3)
    options = parser.parse_args()
    config = read_config(options)
    cache = Cache(options.cache)
    print("| set | alone | with the others | taught |")
    print("|---|---|---|---|")
    for complete in load_sets(options.root, options.sets.split(",")):
        session, new = (
            first_images(complete.every(2, half), options.images) for half in (0, 1)
        )
        project = correct(session, config, cache, options.corrected)
        images = ImageCollection.from_files(new.images)
        names = {key.name for key in project.edits.edited}
        files = [image.path for image in project.inputs if image.name in names]
        joined = ImageCollection.from_files([*new.images, *files])
        alone = Run(images, config, cache=cache).result()
        others = Run(joined, config, cache=cache).result()
        places = [joined.sources.index(source) for source in images.sources]
        others = replace(others, images=tuple(others.images[i] for i in places))
        taught = segment_taught(images, project, cache=cache)
        means = [
            scores([image.mask for image in result.images], new).mean()
            for result in (alone, others, taught)
        ]
        print(f"| {new.name} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")


if __name__ == "__main__":
    main()
