"""What came out of a run, in words."""

from __future__ import annotations

from dataclasses import dataclass

from napari_jcc.plugin.notices import name_controls
from napari_jcc.results import JccResult
from napari_jcc.results.hints import describe_measured, suggest_settings
from napari_jcc.words import count_of


@dataclass(frozen=True)
class Summary:
    """What came out of a run, in words.

    Attributes
    ----------
    text
        A line on the masks, and which settings may fit the images better, if any.
    times
        How long each stage took, a line each.
    measured
        What was measured in the images, in one line; empty where nothing was.
    all_measured
        The same in whole sentences.
    """

    text: str = ""
    times: str = ""
    measured: str = ""
    all_measured: str = ""


def summarise(result: JccResult) -> Summary:
    """Say what came out of a run; looks at all masks, so not for the GUI thread."""
    share = f"object on {100 * result.typical_share:.0f} % (median)"
    parts = [count_of(len(result.images), "image"), share]
    if result.seconds:
        parts.append(f"{sum(result.seconds.values()):.1f} s")
    lines = [", ".join(parts), name_controls(suggest_settings(result))]
    # Within a section the name of a setting tells enough.
    measured = [
        f"{name_controls(key).rpartition(' > ')[2]} {value}"
        for key, value in result.measured.items()
    ]
    return Summary(
        text="\n".join(filter(None, lines)),
        times="\n".join(f"{stage}: {time:.1f} s" for stage, time in result.seconds.items()),
        measured=f"Measured: {', '.join(measured)}" if measured else "",
        all_measured=name_controls(describe_measured(result)),
    )
