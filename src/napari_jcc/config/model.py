"""One class per stage, in the order of the data."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from napari_jcc.config.fields import Section, setting


class CollectionConfig(Section):
    """How images are read and brought to working size."""

    working_size: int = setting(
        320,
        "Working size (pixels)",
        "Longer side of the image that the method works on; larger images are reduced. "
        "More is finer and slower. Masks and boxes are returned at the image's own size.",
        ge=32,
        le=4096,
    )
    channels: tuple[int, ...] = setting(
        (),
        "Channels",
        "Channels to use, counted from 0: one is shown as gray, three as red, green, blue, "
        "other numbers are averaged. Empty: gray and RGB(A) as they are, else all "
        "averaged.",
        max_length=32,
    )
    normalise: Literal["auto", "always", "never"] = setting(
        "auto",
        "Stretch intensities",
        "Map the intensity range between two percentiles of each image to 0-255. "
        "auto: only images that are not 8 bit. never: the full range of the data type.",
        advanced=True,
    )
    low_percentile: float = setting(
        0.1,
        "Low percentile (%)",
        "Share of the darkest pixels that the intensity stretch maps to black.",
        advanced=True,
        ge=0,
        lt=50,
    )
    high_percentile: float = setting(
        99.9,
        "High percentile (%)",
        "Intensities above this percentile are mapped to white.",
        advanced=True,
        gt=50,
        le=100,
    )


class SuperpixelConfig(Section):
    """Oversegmentation of every image."""

    method: Literal["slic", "quickshift"] = setting(
        "slic",
        "Superpixel method",
        "slic: compact superpixels of even size. quickshift: the paper's choice, slower, "
        "follows texture and leaves uneven sizes.",
    )
    count: int = setting(
        250,
        "Superpixels per image",
        "Wanted number, met roughly. More follow thin parts better and make every later "
        "stage slower. Used by slic.",
        ge=1,
        le=5000,
    )
    compactness: float = setting(
        20.0,
        "Compactness",
        "Weight of closeness against colour: small values follow edges, large ones give "
        "squares. Very small ones leave fewer superpixels. Used by slic.",
        advanced=True,
        gt=0,
        le=1000,
    )
    kernel_size: float = setting(
        3.0,
        "Quick shift kernel (pixels)",
        "Width of the density estimate; larger values give fewer superpixels.",
        advanced=True,
        gt=0,
        le=50,
    )
    max_distance: float = setting(
        8.0,
        "Quick shift distance",
        "Cut-off of the links between points; larger values give fewer superpixels.",
        advanced=True,
        gt=0,
        le=200,
    )
    colour_ratio: float = setting(
        0.8,
        "Quick shift colour ratio",
        "Weight of colour (1) against position (0).",
        advanced=True,
        ge=0,
        le=1,
    )


class SaliencyConfig(Section):
    """What stands out in an image on its own; the prior of both parts of the problem."""

    method: Literal["robust_background", "supplied", "uniform"] = setting(
        "robust_background",
        "Saliency",
        "robust_background: regions that contrast with what touches the border. "
        "supplied: gray images of your own, by name, from the folder below. uniform: none.",
    )
    folder: str = setting(
        "",
        "Saliency folder",
        "Folder with one gray image per input image, of the same file name (any format). "
        "Used by the method supplied.",
        advanced=True,
    )
    colour_sigma: float = setting(
        15.0,
        "Contrast scale (Lab units)",
        "Colour difference from the background that counts as full contrast; smaller "
        "values also mark faint parts.",
        advanced=True,
        gt=0,
        le=100,
    )
    background_sigma: float = setting(
        5.0,
        "Background scale (Lab units)",
        "Colour steps over which the background spreads inwards from the border; larger "
        "values take faint objects for background.",
        advanced=True,
        gt=0,
        le=100,
    )
    look_alike: float = setting(
        5.0,
        "Look-alike distance (Lab units)",
        "Regions apart from each other but of one colour count as this far apart: a blob "
        "like those on the border is background too. Large values switch this off.",
        advanced=True,
        ge=0,
        le=1000,
    )
    spatial_sigma: float = setting(
        0.25,
        "Spatial scale (share of the longer side)",
        "How far the contrast of a region looks.",
        advanced=True,
        gt=0,
        le=2,
    )
    boundary_sigma: float = setting(
        1.0,
        "Boundary connectivity scale",
        "How strongly a region must cling to the border to count as background.",
        advanced=True,
        gt=0,
        le=10,
    )


class PriorConfig(Section):
    """What is probably object, before the joint problem: a weighted mean of maps."""

    saliency: float = setting(
        1.0,
        "Weight of saliency",
        "Share of what stands out in each image on its own. All weights 0: no prior.",
        ge=0,
        le=1000,
    )
    common: float = setting(
        0.0,
        "Weight of what is common",
        "Share of what all images have in common in the encoder's eyes (deep descriptor "
        "transforming). Needs an encoder.",
        ge=0,
        le=1000,
    )
    centre: float = setting(
        0.0,
        "Weight of the centre",
        "Share of a bell in the middle of the image.",
        advanced=True,
        ge=0,
        le=1000,
    )
    rounds: int = setting(
        0,
        "Rounds of learning",
        "How often the joint problem is solved beforehand, to learn from all masks what "
        "the object looks like; the prior is then half what was learned. Needs an encoder.",
        ge=0,
        le=20,
    )


class BoxConfig(Section):
    """Candidate rectangles of every image."""

    method: Literal["auto", "selective_search", "superpixel_groups", "grid"] = setting(
        "auto",
        "Box proposals",
        "auto: selective search where OpenCV's contrib modules are present, else boxes "
        "around groups of superpixels together with the grid.",
    )
    count: int = setting(
        20,
        "Boxes per image",
        "Most candidates kept in an image after ranking by saliency and thinning.",
        ge=1,
        le=500,
    )
    overlap_limit: float = setting(
        0.7,
        "Overlap limit (IoU)",
        "A box that overlaps a better one by more than this is dropped.",
        advanced=True,
        gt=0,
        le=1,
    )
    proposal_size: int = setting(
        256,
        "Proposal size (pixels)",
        "Longer side of the image that selective search works on.",
        advanced=True,
        ge=32,
        le=2048,
    )
    smallest_area: float = setting(
        0.01,
        "Smallest box (share of the image)",
        "Smaller boxes are dropped.",
        advanced=True,
        ge=0,
        lt=1,
    )
    largest_area: float = setting(
        0.95,
        "Largest box (share of the image)",
        "Larger boxes are dropped.",
        advanced=True,
        gt=0,
        le=1,
    )


class FeatureConfig(Section):
    """What superpixels and boxes are compared by across images."""

    superpixels: tuple[Literal["sift", "lab", "deep"], ...] = setting(
        ("sift", "lab"),
        "Superpixel features",
        "sift: gradients on a dense grid, for shape and texture. lab: colour. deep: the "
        "encoder's maps, for what things are.",
        min_length=1,
    )
    boxes: tuple[Literal["sift", "lab", "deep"], ...] = setting(
        ("sift", "lab"),
        "Box features",
        "As for superpixels, on a 2 x 2 grid of cells in the box.",
        min_length=1,
    )
    encoder: str = setting(
        "",
        "Encoder",
        "Network for deep features and the set prior: a model of the Hugging Face hub, a "
        "folder of Transformers, or a .pt2 file of torch.export. auto: "
        "facebook/dinov2-small; where that cannot be had, the settings of the preset fast "
        "are used, with a warning. Empty: none.",
    )
    encoder_size: int = setting(
        448,
        "Encoder image size (pixels)",
        "Longer side of the image that the encoder sees; smaller images are enlarged. More "
        "is finer and slower.",
        advanced=True,
        ge=64,
        le=4096,
    )
    encoder_stride: int = setting(
        16,
        "Encoder stride (pixels)",
        "Of a convolutional encoder's maps the deepest is used whose cells are no further "
        "apart than this.",
        advanced=True,
        ge=1,
        le=64,
    )
    sift_step: int = setting(
        4,
        "SIFT step (pixels)",
        "Distance of the grid points on which gradients are described.",
        advanced=True,
        ge=1,
        le=64,
    )
    sift_size: int = setting(
        16,
        "SIFT size (pixels)",
        "Width of the patch that one descriptor covers.",
        advanced=True,
        ge=4,
        le=128,
    )
    kernel: Literal["chi2", "linear"] = setting(
        "chi2",
        "Histogram kernel",
        "chi2: the additive chi-squared kernel, by an explicit map. linear: none.",
        advanced=True,
    )
    dimensions: int = setting(
        128,
        "Dimensions kept",
        "Principal components kept of every kind of feature.",
        advanced=True,
        ge=1,
        le=4096,
    )


class DiscriminativeConfig(Section):
    """The ridge classifier inside the problem (discriminative clustering)."""

    degrees_of_freedom: float = setting(
        60.0,
        "Degrees of freedom",
        "Freedom of the classifier that separates object from rest over the whole set; "
        "sets the ridge. More lets it follow finer differences, and noise. At most a "
        "quarter of the number of pieces is granted.",
        gt=0,
        le=5000,
    )
    spectrum_cutoff: float = setting(
        0.2,
        "Spectrum cut-off",
        "Directions whose shrinkage falls below this are dropped: faster, hardly "
        "different.",
        advanced=True,
        ge=0,
        lt=1,
    )
    weighting: Literal["image", "superpixel"] = setting(
        "image",
        "Weighting",
        "image: every image counts the same, its superpixels by area. superpixel: every "
        "superpixel counts the same, as printed in the paper.",
        advanced=True,
    )


class ProblemConfig(Section):
    """Weights and constraints of the joint quadratic program."""

    reading: Literal["cover", "bigm", "hull", "printed"] = setting(
        "cover",
        "Reading of the constraints",
        "How boxes and superpixels are coupled. printed: as in the paper, where "
        "overlapping boxes contradict each other. bigm: the same meaning with integer "
        "points. cover: bigm without its upper fill. hull: tightest, slowest.",
    )
    nu: float = setting(
        0.3,
        "Saliency weight of superpixels (nu)",
        "More follows each image's saliency, less follows what separates the whole set.",
        ge=0,
        le=1e6,
    )
    mu: float = setting(
        1.0,
        "Saliency weight of boxes (mu)",
        "More follows each image's saliency in the choice of its box.",
        ge=0,
        le=1e6,
    )
    alpha: float = setting(
        0.5,
        "Smoothness (alpha)",
        "More makes neighbours of similar colour agree. .1 for evenly coloured objects, "
        ".001 for sharp colour changes within the object.",
        ge=0,
        le=1e6,
    )
    gamma: float = setting(
        0.1,
        "Box fill (gamma)",
        "Least share of a chosen box that the object fills; with the readings printed, "
        "bigm and hull also the least share that it leaves free.",
        gt=0,
        lt=0.5,
    )
    area_min: float = setting(
        0.05,
        "Smallest object (share of the image)",
        "Floor of the object's area in every image. Keeps the empty answer away.",
        ge=0,
        lt=1,
    )
    area_max: float = setting(
        0.9,
        "Largest object (share of the image)",
        "Ceiling of the object's area in every image.",
        gt=0,
        le=1,
    )
    normalisation: Literal["trace", "none"] = setting(
        "trace",
        "Scaling of the terms",
        "trace: quadratic terms divided by their traces and saliency by its sum, so that "
        "the weights mean the same in every set. none: equation (5) as it stands.",
        advanced=True,
    )
    superpixel_cost: Literal["margin", "log"] = setting(
        "margin",
        "Superpixel saliency cost",
        "margin: Otsu's threshold minus saliency, rewards salient superpixels. log: minus "
        "log of saliency, as in the paper, never rewards.",
        advanced=True,
    )
    box_cost: Literal["excess", "log_mean"] = setting(
        "excess",
        "Box saliency cost",
        "excess: minus log of (share of saliency inside minus share of area). log_mean: "
        "minus log of (area share x mean saliency), favours large boxes.",
        advanced=True,
    )
    saliency_floor: float = setting(
        0.01,
        "Saliency floor",
        "Saliency and excess are kept above this before the logarithm.",
        advanced=True,
        gt=0,
        lt=1,
    )
    colour_decay: float = setting(
        0.05,
        "Colour decay of smoothness",
        "lambda_c of the edge weights, per unit of colour difference (0-255).",
        advanced=True,
        ge=0,
        le=10,
    )
    position_decay: float = setting(
        0.001,
        "Position decay of smoothness",
        "lambda_p of the edge weights, per squared pixel.",
        advanced=True,
        ge=0,
        le=10,
    )

    @model_validator(mode="after")
    def _area_range_is_not_empty(self) -> ProblemConfig:
        if self.area_min >= self.area_max:
            raise ValueError(
                f"area_min must be below area_max, got {self.area_min:g} and "
                f"{self.area_max:g}"
            )
        return self


class SolverConfig(Section):
    """How the quadratic program is solved."""

    name: Literal["osqp", "structured", "dense"] = setting(
        "osqp",
        "Solver",
        "osqp: operator splitting on the lifted sparse problem. structured: interior point "
        "on one block per image, faster on large sets, needs torch. dense: reference for "
        "tiny problems only.",
        advanced=True,
    )
    tolerance: float = setting(
        1e-3,
        "Tolerance",
        "Absolute and relative tolerance of the residuals; smaller is slower.",
        advanced=True,
        gt=0,
        le=0.1,
    )
    max_iterations: int = setting(
        20000,
        "Most iterations",
        "The run fails with a message when the solver needs more.",
        advanced=True,
        ge=1,
        le=10_000_000,
    )


class DecodeConfig(Section):
    """From scores to masks and boxes."""

    rounding: Literal["otsu", "paper"] = setting(
        "otsu",
        "Threshold",
        "otsu: the threshold that best splits the scores of an image. paper: divide by the "
        "largest score, then round.",
    )
    refinement: Literal["grabcut", "smoother", "none"] = setting(
        "grabcut",
        "Refinement",
        "grabcut: colour models of object and rest redraw the outline at pixel level, as "
        "in the paper. smoother: scores and prior are smoothed along the edges of the "
        "image; milder. none: the mask is made of whole superpixels.",
    )
    box: Literal["agreement", "scores", "mask"] = setting(
        "agreement",
        "Box",
        "agreement: the candidate with the highest product of score and overlap with the "
        "box of the mask's largest piece. scores: the candidate with the highest score, as "
        "in the paper. mask: the box of the mask's largest piece.",
    )
    iterations: int = setting(
        3,
        "GrabCut iterations",
        "More lets the outline move further from the superpixels.",
        advanced=True,
        ge=1,
        le=50,
    )
    seed: int = setting(
        0,
        "Random seed",
        "Start of the random numbers of GrabCut's colour models.",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )


class RuntimeConfig(Section):
    """Where and how a run computes; never changes the answer."""

    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        "Device",
        "Where stages that can use a graphics card run. auto: the card when there is one.",
    )
    workers: int = setting(
        0,
        "Parallel images",
        "Images worked on at the same time; 0: one per processor core.",
        advanced=True,
        ge=0,
        le=1024,
    )
    cache_folder: str = setting(
        "",
        "Cache folder",
        "Folder that keeps finished stages between sessions; empty: memory only.",
        advanced=True,
    )


class JccConfig(Section):
    """All settings of a run of the joint quadratic program."""

    collection: CollectionConfig = setting(
        CollectionConfig(), "Images", "How images are read."
    )
    superpixels: SuperpixelConfig = setting(
        SuperpixelConfig(), "Superpixels", "Pieces that masks are built from."
    )
    saliency: SaliencyConfig = setting(
        SaliencyConfig(), "Saliency", "What stands out in one image."
    )
    prior: PriorConfig = setting(
        PriorConfig(), "Prior", "What is probably object, before the joint problem."
    )
    boxes: BoxConfig = setting(BoxConfig(), "Boxes", "Candidate rectangles.")
    features: FeatureConfig = setting(
        FeatureConfig(), "Features", "What pieces are compared by."
    )
    discriminative: DiscriminativeConfig = setting(
        DiscriminativeConfig(), "Common classifier", "What separates object from rest."
    )
    problem: ProblemConfig = setting(
        ProblemConfig(), "Joint problem", "Weights and constraints."
    )
    solver: SolverConfig = setting(SolverConfig(), "Solver", "How the problem is solved.")
    decode: DecodeConfig = setting(
        DecodeConfig(), "Masks", "From scores to masks and boxes."
    )
    runtime: RuntimeConfig = setting(
        RuntimeConfig(), "Computer", "Where and how the run computes."
    )
