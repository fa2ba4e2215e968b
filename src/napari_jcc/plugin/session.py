"""What all docks of one viewer share: images, settings, the shown result, jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, proxy

from napari.layers import Layer
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_jcc.config import JccConfig
from napari_jcc.interaction import Corrector, Edit, Edits, ImageKey, ReopenedCorrector
from napari_jcc.pipeline import Cache
from napari_jcc.plugin.background.jobs import Jobs
from napari_jcc.plugin.background.programs import delete_programs_late
from napari_jcc.plugin.background.warm import load_in_background
from napari_jcc.plugin.corrections.controller import CorrectionController
from napari_jcc.plugin.equal_view import EqualView
from napari_jcc.plugin.line_widths import LineWidths
from napari_jcc.plugin.preferences import preferred_config, read_preferences
from napari_jcc.plugin.projects.keeper import Keeper
from napari_jcc.plugin.projects.opened import Opened
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.project import ImageStatus, Project
from napari_jcc.threads import wait_asleep

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


class Session(QObject):
    """State of the plugin in one viewer; use `get_session`, and from the GUI thread only.

    The docks are views of it: a dock that is closed and opened again, or opened later
    than others, shows the same images, settings and result.

    Attributes
    ----------
    jobs
        What is running now.
    docks
        Docks that are in the window, by their class.
    all_opened
        Projects, in the order in which they were opened.
    all_statuses
        What became of images, also of those of other results than the shown one; of
        those not named nothing yet.
    visible
        How many pixels a stroke changed to the eye; it may confirm others as they were.
    shown_changed
        Signal when another result is shown, or new masks are in the one shown.
    settings_changed
        Signal when settings or preset are others.
    chosen_changed
        Signal when other images are chosen, or their axes are taken for something else.
    edits_changed
        Signal when the user has drawn something, or taken it back.
    statuses_changed
        Signal when an image was edited, accepted or flagged.
    corrections_changed
        Signal when what is drawn on another result is taken over from now on.
    truth_changed
        Signal when the answers are compared with another truth, or with none.
    """

    shown_changed = Signal()
    settings_changed = Signal()
    chosen_changed = Signal()
    edits_changed = Signal()
    statuses_changed = Signal()
    corrections_changed = Signal()
    truth_changed = Signal()

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.preset = read_preferences().preset
        self.config = preferred_config(self.preset)
        self.chosen: tuple[Image, ...] = ()
        self.shown: ShownResult | None = None
        self.corrections: CorrectionController | None = None
        self.edits = Edits()
        self.visible: WeakKeyDictionary[Edit, int] = WeakKeyDictionary()
        self.all_statuses: dict[ImageKey, ImageStatus] = {}
        self.truth: TruthChoice | None = None
        self._truths: dict[tuple[Layer, ...], TruthChoice | None] = {}
        self.all_opened: list[Opened] = []
        self.docks: dict[type[QWidget], QWidget] = {}
        self._shown: dict[tuple[Layer, ...], ShownResult] = {}
        self._shown_on: tuple[Layer, ...] = ()
        self._caches: dict[tuple[str, float], Cache] = {}
        self.jobs = Jobs()
        self.keeper = Keeper(self)
        EqualView(self)
        LineWidths(self)

    def set_settings(self, config: JccConfig, preset: str | None = None) -> None:
        """Take other settings, which every open form then shows."""
        preset = preset or self.preset
        if (config, preset) != (self.config, self.preset):
            self.config, self.preset = config, preset
            self.settings_changed.emit()

    def choose(self, layers: tuple[Image, ...]) -> None:
        """Take other layers as the images to work on."""
        if layers != self.chosen:
            self.chosen = layers
            self.chosen_changed.emit()

    @property
    def answer(self) -> Answer | None:
        """What is shown; None before the first result."""
        return None if self.shown is None else self.shown.answer

    @property
    def keys(self) -> tuple[ImageKey, ...]:
        """What tells the images of the shown result from others of the same names."""
        answer = self.answer
        if answer is None:
            return ()
        if answer.corrector is None:
            return tuple(ImageKey(image.name) for image in answer.result.images)
        return answer.corrector.keys

    @property
    def corrected(self) -> tuple[int, ...]:
        """Places of the images of the shown result that something is drawn on."""
        return self.edits.edited_places(self.keys)

    def shows(self, images: Iterable[ImageKey]) -> bool:
        """Whether the shown result is about some of these images, or there is none yet."""
        shown = self.keys
        return not shown or not set(images).isdisjoint(shown)

    @property
    def opened(self) -> Opened | None:
        """The project that was opened last."""
        return self.all_opened[-1] if self.all_opened else None

    @property
    def former(self) -> Project | None:
        """Project that the images were opened with; None where others are shown."""
        for opened in reversed(self.all_opened):
            if self.shows(image.key for image in opened.project.inputs):
                return opened.project
        return None

    @property
    def statuses(self) -> dict[str, ImageStatus]:
        """What became of the images of the shown result, by name."""
        known = self.all_statuses
        return {key.name: known[key] for key in self.keys if key in known}

    @property
    def shown_on(self) -> tuple[Layer, ...]:
        """Layers that the shown result is about; those chosen where there is none."""
        return self.chosen if self.shown is None else self._shown_on

    def watch(
        self,
        shown: ShownResult,
        corrector: Corrector | ReopenedCorrector,
        masks: NDArray[Any] | None = None,
    ) -> CorrectionController:
        """Take over what is drawn on a result from now on, and on none other."""
        if self.corrections is not None:
            self.corrections.stop()
        self.corrections = CorrectionController(self, shown, corrector, masks)
        self.corrections_changed.emit()
        return self.corrections

    def set_edits(self, edits: Edits) -> None:
        """Set the edits; `CorrectionController.apply` also updates the shown result."""
        if edits != self.edits:
            self.edits = edits
            self.edits_changed.emit()

    def set_statuses(self, statuses: Mapping[ImageKey, ImageStatus]) -> None:
        """Say what became of some images."""
        known = {**self.all_statuses, **statuses}
        known = {key: status for key, status in known.items() if status != "machine"}
        if known != self.all_statuses:
            self.all_statuses = known
            self.statuses_changed.emit()

    def set_truth(self, truth: TruthChoice | None) -> None:
        """Compare the answers for the chosen images with another truth, or with none."""
        if truth is not self.truth:
            self._truths[self.chosen] = self._truths[self.shown_on] = self.truth = truth
            self.truth_changed.emit()

    def cache(self) -> Cache:
        """Finished stages of former runs, where the settings say that they are kept."""
        runtime = self.config.runtime
        key = runtime.cache_folder, runtime.memory_budget_gb
        if key not in self._caches:
            # One only: a cache in memory holds the maps of whole sets.
            self._caches = {key: Cache.of(runtime)}
        return self._caches[key]

    def shown_for(self, layers: tuple[Image, ...]) -> ShownResult:
        """Layers of the latest result on some images; none yet if there was no run."""
        alive = set(self.viewer.layers)
        self._shown = {k: v for k, v in self._shown.items() if alive.issuperset(k)}
        self._truths = {k: v for k, v in self._truths.items() if alive.issuperset(k)}
        return self._shown.get(layers) or ShownResult(self.viewer)

    def find_other(
        self, layer: Layer | None
    ) -> tuple[tuple[Layer, ...], ShownResult] | None:
        """Find the result that masks or boxes are of, and its images; not the shown one."""
        for images, shown in reversed(self._shown.items()):  # a stack of layers first
            is_own = layer is not None and layer in (shown.masks, shown.boxes)
            if is_own and shown is not self.shown:
                return images, shown
        return None

    def set_shown(self, layers: tuple[Image, ...], shown: ShownResult) -> None:
        """Make the result on some images the one that the docks are about."""
        if self.shown is None or shown is self.shown:
            self._truths.setdefault(layers, self.truth)
        before, self.truth = self.truth, self._truths.get(layers)
        self._shown[layers] = self.shown = shown
        self._shown_on = layers
        self.shown_changed.emit()
        if self.truth is not before:
            self.truth_changed.emit()


def get_session(viewer: napari.viewer.Viewer) -> Session:
    """Return the one session of a viewer; the first call makes it."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # napari hands out proxies
    if viewer not in _sessions:
        wait_asleep()
        delete_programs_late()
        load_in_background()
        # By a proxy: a session that held its viewer would keep it, and so itself, for ever.
        _sessions[viewer] = Session(proxy(viewer))
    return _sessions[viewer]
