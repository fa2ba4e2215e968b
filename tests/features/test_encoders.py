"""Encoders of both formats: maps of the right size in the right place, and plain errors."""

import copy
import logging
import socket
import time

import numpy as np
import pytest

from encoders import export_network, save_transformer
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders import FeatureMap, average_maps, load, load_encoder
from napari_jcc.features.encoders.run import run_network
from napari_jcc.pipeline.encoding import encoded_size


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    load_encoder.cache_clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return export_network(tmp_path_factory.mktemp("program") / "tiny.pt2")


def picture(height=64, width=96, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (1, height, width, 3), dtype=np.uint8)


def test_a_program_answers_with_its_deepest_map_of_the_stride(program):
    for stride, shape in ((8, (8, 12, 5)), (16, (8, 12, 5)), (4, (16, 24, 3))):
        (found,) = load_encoder(str(program), "cpu", stride).encode(picture())
        assert found.values.shape == shape
        assert found.values.dtype == np.float16
        assert found.stride == min(stride, 8)


def test_values_are_those_of_the_network(program):
    images = picture()
    (found,) = load_encoder(str(program), "cpu", 8).encode(images)
    means = images[0].reshape(8, 8, 12, 8, 3).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(found.values[..., :3], means, atol=2e-3)
    np.testing.assert_allclose(
        found.values[..., 3], means[..., 0] - means[..., 1], atol=2e-3
    )


def test_the_place_of_the_cells_is_measured(program):
    # Means over 8 x 8 pixels: the first cell's centre lies between pixels 3 and 4.
    (found,) = load_encoder(str(program), "cpu", 8).encode(picture())
    assert found.offset == pytest.approx(3.5, abs=0.3)


def test_batch_and_single_image_agree(program):
    encoder = load_encoder(str(program), "cpu", 8)
    images = np.concatenate([picture(seed=0), picture(seed=1)])
    together = encoder.encode(images)
    for image, found in zip(images, together, strict=True):
        (alone,) = encoder.encode(image[None])
        np.testing.assert_allclose(found.values, alone.values, atol=1e-3)


def test_the_fingerprint_is_of_the_weights_not_of_the_name(program, tmp_path):
    copy = tmp_path / "other-name.pt2"
    copy.write_bytes(program.read_bytes())
    first = load_encoder(str(program), "cpu", 8).fingerprint
    assert load_encoder(str(copy), "cpu", 8).fingerprint == first


def test_other_files_are_no_programs(tmp_path):
    pytest.importorskip("torch", reason="deep features need torch")
    wrong = tmp_path / "weights.pt2"
    wrong.write_text("not a program")
    with pytest.raises(WeightsError, match=r"weights\.pt2 is not a program"):
        load_encoder(str(wrong), "cpu", 8)


def test_weights_alone_are_no_program(tmp_path):
    torch = pytest.importorskip("torch", reason="deep features need torch")
    torch.save({"weights": torch.ones(3)}, tmp_path / "a.ckpt")
    with pytest.raises(WeightsError, match=r"a\.ckpt holds weights without a network"):
        load_encoder(str(tmp_path / "a.ckpt"), "cpu", 8)


def test_a_program_for_one_size_only_is_refused(tmp_path):
    fixed = export_network(tmp_path / "fixed.pt2", dynamic=False)
    with pytest.raises(WeightsError, match="dynamic"):
        load_encoder(str(fixed), "cpu", 8).encode(picture())


def test_patch_tokens_become_a_map(tmp_path):
    folder = save_transformer(tmp_path, patches=True)
    encoder = load_encoder(str(folder), "cpu", 16)
    assert encoder.multiple == 14
    (found,) = encoder.encode(picture(42, 70))
    assert found.values.shape == (3, 5, 16)
    assert (found.stride, found.offset) == (14, 6.5)


def test_patch_tokens_keep_rows_and_columns_apart(tmp_path):
    folder = save_transformer(tmp_path, patches=True)
    encoder = load_encoder(str(folder), "cpu", 16)
    plain = np.full((1, 42, 70, 3), 128, np.uint8)
    marked = plain.copy()
    marked[0, 14:28, 56:70] = (255, 0, 0)  # patch in row 1, column 4
    (before,), (after,) = encoder.encode(plain), encoder.encode(marked)
    change = np.abs(after.values.astype(float) - before.values).sum(axis=-1)
    assert np.unravel_index(change.argmax(), change.shape) == (1, 4)


def test_convolutional_models_give_hidden_states(tmp_path):
    folder = save_transformer(tmp_path, patches=False)
    # ResNet: strides 4, 4, 8, 16, 32 with 4, 4, 6, 8, 10 channels.
    for stride, shape in ((16, (4, 6, 8)), (8, (8, 12, 6)), (4, (16, 24, 4))):
        (found,) = load_encoder(str(folder), "cpu", stride).encode(picture())
        assert found.values.shape == shape
        assert found.stride == stride


def test_a_model_that_is_nowhere_says_what_to_do(monkeypatch, tmp_path):
    pytest.importorskip("transformers", reason="needs transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError) as caught:
        load_encoder("nobody/no-such-model", "cpu", 16)
    message = str(caught.value)
    for part in ("nobody/no-such-model", "cache", "HF_HUB_OFFLINE", "--encoder", ".pt2"):
        assert part in message


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"torch and transformers.*napari-jcc\[deep\]"):
        load_encoder("facebook/dinov2-small", "cpu", 16)


def test_interpolation_puts_cells_where_they_lie():
    # Four cells 4 pixels apart, the first on pixel 1.5: centres of blocks of 4 pixels.
    values = np.arange(4, dtype=np.float16).reshape(1, 4, 1)
    found = FeatureMap(values, stride=4, offset=1.5, size=(4, 16))
    down, across = found.interpolation((2, 8))
    np.testing.assert_allclose(down.sum(axis=1), 1)
    np.testing.assert_allclose(across.sum(axis=1), 1, atol=1e-6)
    # Working pixel k covers pixels 2k and 2k + 1, so its centre is cell (2k - 1) / 4.
    expected = np.clip((2 * np.arange(8) - 1) / 4, 0, 3)
    np.testing.assert_allclose((across @ values[0])[:, 0], expected, atol=1e-6)


def test_cells_have_the_means_of_the_pixels_around_them():
    # Four cells 4 pixels apart, the first on pixel 0, as strided convolutions have them.
    found = FeatureMap(np.zeros((4, 4, 1), np.float16), stride=4, offset=0, size=(16, 16))
    line = np.array([0, 0, 1, 1, 0, 0, 0, 0], np.float32)
    # On 8 pixels they reach from 0 to 1.25, and on to 3.25, 5.25 and 7.25.
    expected = np.array([0, 1.25, 0.75, 0]) / 2
    across, down = (
        found.cell_means(values)
        for values in (np.tile(line, (8, 1)), np.tile(line, (8, 1)).T)
    )
    np.testing.assert_allclose(across, np.tile(expected, (4, 1)), atol=1e-6)
    np.testing.assert_allclose(down, across.T, atol=1e-6)


def test_a_cell_beyond_the_image_has_the_mean_of_what_is_nearest():
    found = FeatureMap(np.zeros((1, 3, 1), np.float16), stride=8, offset=3.5, size=(8, 8))
    values = np.array([[1, 2, 3, 4]], np.float32)
    np.testing.assert_allclose(found.cell_means(values), [[2.5, 4, 4]])


def ramp(cells, stride, offset, side, slope):
    """A map whose only value is `slope` times the place in the image, from 0 to 1."""
    place = (offset + stride * np.arange(cells) + 0.5) / side
    values = np.repeat(slope * place[None, :, None], 2, axis=0).astype(np.float16)
    return FeatureMap(values, stride, offset, (2 * stride, side))


def test_maps_of_several_sizes_are_averaged_on_the_first_grid():
    fine, coarse = ramp(16, 4, 1.5, 64, slope=8), ramp(8, 4, 1.5, 32, slope=4)
    mean = average_maps([fine, coarse])
    assert (mean.values.shape, mean.size) == (fine.values.shape, fine.size)
    # Straight lines stay straight under interpolation, but for the ends of the coarse one.
    expected = 6 * (1.5 + 4 * np.arange(16) + 0.5) / 64
    np.testing.assert_allclose(mean.values[0, 1:-1, 0], expected[1:-1], atol=5e-3)
    assert average_maps([fine]) is fine


@pytest.mark.parametrize(
    ("shape", "multiple", "expected"),
    [((213, 320), 1, (298, 448)), ((213, 320), 14, (294, 448)), ((9, 900), 14, (14, 448))],
)
def test_encoded_size_keeps_proportions(shape, multiple, expected):
    assert encoded_size(shape, 448, multiple) == expected


@pytest.mark.parametrize(
    "message", ["CUDA out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED"]
)
def test_a_full_card_is_not_taken_for_a_size_that_does_not_fit(message):
    pytest.importorskip("torch", reason="torch is not installed")

    def full(batch):
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match=message):
        run_network(full, np.zeros((2, 8, 8, 3), np.uint8), None, "cpu")


class SmallCard:
    """Loads encoders of the processor; one on the card has no memory for many images."""

    def __init__(self, limits):
        self.limits, self.tried = limits, []

    def __call__(self, name, device, stride):
        encoder = copy.copy(load_encoder(name, "cpu", stride))
        encoder.batch_size = 8 if device == "cuda" else 1
        encode = encoder.encode

        def encode_few(images):
            self.tried.append((device, len(images)))
            if len(images) > self.limits[device]:
                raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")
            return encode(images)

        encoder.encode = encode_few
        return encoder


@pytest.mark.parametrize(
    ("limits", "tried", "note"),
    [
        ({"cuda": 8}, [("cuda", 5)], ""),
        ({"cuda": 2}, [("cuda", n) for n in (5, 2, 2, 1)], "given 2 of the images"),
        (
            {"cuda": 0, "cpu": 1},
            [("cuda", n) for n in (5, 2, 1)] + 5 * [("cpu", 1)],
            "works on the processor",
        ),
    ],
)
def test_where_memory_runs_out_fewer_images_are_tried_then_the_processor(
    program, monkeypatch, limits, tried, note
):
    card = SmallCard(limits)
    monkeypatch.setattr(load, "load_encoder", card)
    images = np.concatenate([picture(seed=seed) for seed in range(5)])
    encoder = load.FittingEncoder(str(program), "cuda", 8)
    found = encoder.encode(images)
    assert card.tried == tried
    assert note in encoder.note and bool(note) == bool(encoder.note)
    for image, one in zip(images, found, strict=True):
        (alone,) = load_encoder(str(program), "cpu", 8).encode(image[None])
        np.testing.assert_allclose(one.values, alone.values, atol=1e-3)


def test_an_image_too_large_for_the_processor_is_told(program, monkeypatch):
    monkeypatch.setattr(load, "load_encoder", SmallCard({"cuda": 0, "cpu": 0}))
    encoder = load.FittingEncoder(str(program), "cuda", 8)
    with pytest.raises(WeightsError, match=r"single image\. Lower features\.encoder_size"):
        encoder.encode(picture())


def test_a_hub_that_cannot_be_reached_is_told_once_and_quietly(monkeypatch, caplog):
    transformers = pytest.importorskip("transformers")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    client = logging.getLogger("huggingface_hub.utils._http")
    library = logging.getLogger("huggingface_hub")
    before = library.level

    def unreachable(name, **options):
        if not options.get("local_files_only"):
            client.warning("Retrying in 1s [Retry 1/5].")
        raise OSError("We couldn't connect to the hub.")

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", unreachable)
    monkeypatch.setattr("napari_jcc.features.encoders.hub._knock", lambda: None)
    monkeypatch.setattr(library, "propagate", True)
    with pytest.raises(WeightsError, match="couldn't connect to the hub"):
        load_encoder("some/model", "cpu", 8)
    assert not caplog.records
    assert library.level == before


@pytest.mark.parametrize("listens", [True, False], ids=["silent", "refused"])
def test_a_hub_without_an_answer_is_asked_once_and_not_for_long(monkeypatch, listens):
    transformers = pytest.importorskip("transformers")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    asked = []

    def missing(name, **options):
        asked.append(options)
        raise OSError("not in the cache")

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", missing)
    monkeypatch.setattr("napari_jcc.features.encoders.hub._PATIENCE", 0.2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        begun = time.monotonic()
        with pytest.raises(WeightsError, match=f"{address} gave no answer"):
            load_encoder("some/model", "cpu", 8)
    assert time.monotonic() - begun < 5
    assert asked == [{"local_files_only": True}]
