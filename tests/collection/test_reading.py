"""Files of every kind the package reads, against the pixels that were written."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import orient
from napari_jcc.collection.reading import PIXEL_LIMIT, probe_file, read_file
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError

RNG = np.random.default_rng(5)
GRAY = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)


def shapes(path):
    return [header.shape for header in probe_file(path)]


def read_one(path):
    assert shapes(path) == [read_file(path).values.shape[:2]]
    return read_file(path)


@pytest.mark.parametrize("extension", ["png", "bmp", "tif"])
@pytest.mark.parametrize("values", [GRAY, COLOUR], ids=["gray", "colour"])
def test_lossless_formats_give_back_the_pixels(tmp_path, extension, values):
    path = tmp_path / f"image.{extension}"
    Image.fromarray(values).save(path)
    pixels = read_one(path)
    np.testing.assert_array_equal(pixels.values, values)
    assert pixels.is_colour == (values.ndim == 3)


@pytest.mark.parametrize("extension", ["gif", "webp"])
@pytest.mark.parametrize("count", [1, 3])
def test_every_frame_is_an_image(tmp_path, extension, count):
    values = RNG.integers(0, 256, (count, 12, 17), dtype=np.uint8)
    frames = [Image.fromarray(frame) for frame in values]
    path = tmp_path / f"film.{extension}"
    options = {"lossless": True} if extension == "webp" else {"optimize": False}
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    collection = ImageCollection.from_folder(tmp_path)
    assert collection.names == (
        ("film",) if count == 1 else ("film_p0", "film_p1", "film_p2")
    )
    for i, expected in enumerate(values):
        found = collection.raw(i)
        found = found if found.ndim == 2 else found[..., 0]
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(InputError):
        read_file(path, count)


def test_jpeg_is_read_closely(tmp_path):
    smooth = np.linspace(0, 255, 600).reshape(20, 30).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "image.jpg", quality=95)
    values = read_one(tmp_path / "image.jpg").values
    assert np.abs(values.astype(int) - smooth).max() < 8


@pytest.mark.parametrize("dtype", ["u1", "u2", "<f4", "f8", "i2", "f2", "u4"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiff_keeps_every_depth(tmp_path, dtype, compression):
    values = RNG.integers(0, 100, (11, 7)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, compression=compression)
    read = read_one(tmp_path / "a.tif").values
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values)


def test_tiff_whose_decoder_later_versions_of_python_have_is_read(tmp_path, monkeypatch):
    def decode(page):
        raise ModuleNotFoundError("No module named 'compression'")  # as of zstd

    monkeypatch.setattr(tifffile.TiffPage, "asarray", decode)
    Image.fromarray(GRAY).save(tmp_path / "a.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_one(tmp_path / "a.tif").values, GRAY)


def test_big_endian_tiff_is_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DEEP, byteorder=">")
    np.testing.assert_array_equal(read_one(tmp_path / "a.tif").values, DEEP)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_orientation_is_honoured_in_every_compression(
    tmp_path, compression, orientation
):
    path = tmp_path / "a.tif"
    Image.fromarray(COLOUR).save(path, compression=compression, tiffinfo={274: orientation})
    np.testing.assert_array_equal(read_one(path).values, orient(COLOUR, orientation))


def test_exif_quarter_turn_by_hand(tmp_path):
    # Orientation 6: the stored row 0 is the right-hand side of what is shown.
    stored = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
    shown = [[40, 10], [50, 20], [60, 30]]
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    assert read_one(tmp_path / "a.png").values.tolist() == shown


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_of_jpeg_agrees_with_pillow(tmp_path, orientation):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(COLOUR).save(tmp_path / "a.jpg", exif=exif)
    with Image.open(tmp_path / "a.jpg") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(read_one(tmp_path / "a.jpg").values, expected)


@pytest.mark.parametrize("pages", [1, 3])
def test_what_tifffile_asserts_is_damage(tmp_path, pages):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((pages, 8, 8), np.uint16), imagej=True)
    content = bytearray(path.read_bytes())
    assert int.from_bytes(content[34:36], "little") == 258  # BitsPerSample
    content[38] = 3  # its number of values
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged or unreadable"):
        ImageCollection.from_files([path]).raw(0)


def test_damaged_exif_does_not_cost_the_image(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_one(tmp_path / "a.png").values, COLOUR)


def test_palette_is_looked_up(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), mode="L").convert("P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "a.png")
    pixels = read_one(tmp_path / "a.png")
    assert pixels.is_colour
    red, blue = [255, 0, 0], [0, 0, 255]
    assert pixels.values.tolist() == [[red, blue], [blue, red]]


def test_palette_of_tiff_is_looked_up(tmp_path):
    colours = np.zeros((3, 256), np.uint16)
    colours[0, 7] = 65535
    index = np.array([[7], [0]], np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", index, photometric="palette", colormap=colours)
    collection = ImageCollection.from_files([tmp_path / "a.tif"])
    assert collection.image(0).tolist() == [[[255, 0, 0]], [[0, 0, 0]]]


def test_transparent_pixels_are_shown_on_white(tmp_path):
    values = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [200, 0, 0, 51]]], np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png")
    image = ImageCollection.from_files([tmp_path / "a.png"]).image(0)
    # The last: 51/255 = 1/5 of 200 and 4/5 of white.
    assert image.tolist() == [[[255, 255, 255], [0, 0, 0], [244, 204, 204]]]


def test_gray_with_alpha_is_shown_on_white(tmp_path):
    values = np.array([[[0, 0], [0, 255]]], np.uint8)
    Image.fromarray(values, mode="LA").save(tmp_path / "a.png")
    image = ImageCollection.from_files([tmp_path / "a.png"]).image(0)
    assert image[0, :, 0].tolist() == [255, 0]


def test_sixteen_bits_of_a_colour_png_are_kept(tmp_path):
    values = RNG.integers(0, 65536, (4, 5, 3), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), values[..., ::-1])
    np.testing.assert_array_equal(read_one(tmp_path / "a.png").values, values)


def test_sixteen_bit_gray_png(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_one(tmp_path / "a.png").values, DEEP)


def test_one_bit_images(tmp_path):
    mask = GRAY > 99
    Image.fromarray(mask).save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "b.tif", compression="group4")
    for path in ("a.png", "b.tif"):
        image = ImageCollection.from_files([tmp_path / path]).image(0)
        np.testing.assert_array_equal(image[..., 1], mask * 255)


def test_white_is_zero_is_turned_round(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GRAY, photometric="miniswhite")
    np.testing.assert_array_equal(read_one(tmp_path / "a.tif").values, 255 - GRAY)


def test_cmyk_becomes_rgb(tmp_path):
    for name in ("a.jpg", "b.tif"):
        Image.new("CMYK", (4, 3), (0, 255, 255, 0)).save(tmp_path / name)
        red, green, blue = read_one(tmp_path / name).values[0, 0]
        assert red > 200
        assert max(green, blue) < 60


@pytest.mark.parametrize(
    ("shape", "options", "count", "image_shape"),
    [
        # Pages of gray, of colour, of separate channels; a channel axis is no page.
        ((5, 20, 30), {"photometric": "minisblack"}, 5, (20, 30)),
        ((4, 20, 30, 3), {"photometric": "rgb"}, 4, (20, 30, 3)),
        ((2, 3, 20, 30), {"imagej": True, "metadata": {"axes": "ZCYX"}}, 2, (20, 30, 3)),
        ((4, 2, 20, 30), {"ome": True, "metadata": {"axes": "TCYX"}}, 4, (20, 30, 2)),
        ((2, 4, 20, 30), {"ome": True, "metadata": {"axes": "CTYX"}}, 4, (20, 30, 2)),
        ((3, 20, 30), {"ome": True, "metadata": {"axes": "CYX"}}, 1, (20, 30, 3)),
        ((3, 20, 30), {"photometric": "rgb", "planarconfig": "separate"}, 1, (20, 30, 3)),
        (
            (20, 30, 5),
            {"photometric": "minisblack", "planarconfig": "contig"},
            1,
            (20, 30, 5),
        ),
        ((2, 32, 32), {"volumetric": True, "tile": (2, 16, 16)}, 2, (32, 32)),
    ],
)
def test_pages_and_channels_of_tiff(tmp_path, shape, options, count, image_shape):
    stack = RNG.integers(0, 250, shape).astype(np.uint16)
    options = {"photometric": "minisblack"} | options
    tifffile.imwrite(tmp_path / "a.tif", stack, **options)
    assert shapes(tmp_path / "a.tif") == [image_shape[:2]] * count
    is_colour = options["photometric"] == "rgb"
    separate = 1 if is_colour or len(image_shape) == 2 else image_shape[2]
    assert {header.separate for header in probe_file(tmp_path / "a.tif")} == {separate}
    axes = options.get("metadata", {}).get("axes", "")
    if "C" in axes:
        stack = np.moveaxis(stack, axes.index("C"), -1)
    elif options.get("planarconfig") == "separate":
        stack = np.moveaxis(stack, 0, -1)
    for page, expected in enumerate(stack.reshape(count, *image_shape)):
        values = read_file(tmp_path / "a.tif", page).values
        np.testing.assert_array_equal(values, expected)


def test_pages_of_different_sizes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GRAY)
        writer.write(COLOUR[:9], photometric="rgb")
    assert shapes(tmp_path / "a.tif") == [(20, 30), (9, 30)]
    np.testing.assert_array_equal(read_file(tmp_path / "a.tif", 1).values, COLOUR[:9])


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1)])
@pytest.mark.parametrize("extension", ["png", "jpg", "bmp", "tif"])
def test_one_pixel_and_very_long_images(tmp_path, size, extension):
    path = tmp_path / f"a.{extension}"
    Image.fromarray(np.full(size, 77, np.uint8)).save(path)
    collection = ImageCollection.from_files([path])
    assert collection.shape(0) == size
    assert collection.image(0).shape == (*size, 3)
    assert np.all(collection.image(0) == 77)
    assert collection.working_image(0).shape == (min(size[0], 320), min(size[1], 320), 3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {}),
        ("a.jpg", {"progressive": True}),
        ("a.png", {}),
        ("a.bmp", {}),
        ("a.tif", {}),
        ("a.tif", {"compression": "tiff_lzw"}),
        ("a.gif", {}),
        ("a.webp", {"lossless": True}),
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.67, 0.95])
def test_a_truncated_file_is_an_error_not_half_an_image(tmp_path, name, options, share):
    noise = RNG.integers(0, 256, (100, 150, 3), dtype=np.uint8)
    path = tmp_path / name
    Image.fromarray(noise).save(path, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError):
        read_file(path)


def test_truncation_inside_a_tiff_page_is_an_error(tmp_path):
    # The directory comes first here, so that the header is whole.
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GRAY, rowsperstrip=2)
    path.write_bytes(path.read_bytes()[:-50])
    assert shapes(path) == [(20, 30)]
    with pytest.raises(InputError, match=r"truncated|failed to read"):
        read_file(path)


@pytest.mark.parametrize(
    "start",
    [b"", b"hello", b"BMW is no bitmap", b"II*\0", b"\xff\xd8\xff", b"RIFF1234WAVEfmt "],
)
def test_what_is_no_image_is_an_error(tmp_path, start):
    path = tmp_path / "a.png"
    path.write_bytes(start)
    with pytest.raises(InputError):
        probe_file(path)


def test_an_absurdly_large_image_is_refused_from_its_header(tmp_path):
    path = tmp_path / "a.bmp"
    Image.fromarray(GRAY).save(path)
    content = bytearray(path.read_bytes())
    content[18:26] = np.array([100_000, 100_000], "<i4").tobytes()
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=str(PIXEL_LIMIT)):
        probe_file(path)


def test_images_beyond_the_limit_of_pillow_are_read_without_warning(
    tmp_path, monkeypatch, recwarn
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for name in ("a.png", "a.jpg", "a.bmp", "a.tif"):
        Image.fromarray(GRAY).save(tmp_path / name)
        assert read_one(tmp_path / name).values.shape[:2] == GRAY.shape
    assert not recwarn.list
    # Compressed TIFF in inks is left to Pillow, which refuses; that is an answer too.
    Image.new("CMYK", (9, 9)).save(tmp_path / "b.tif", compression="tiff_lzw")
    with pytest.raises(InputError, match="exceeds limit"):
        read_file(tmp_path / "b.tif")


def _encoded(folder: Path, name: str, **options) -> bytes:
    Image.fromarray(COLOUR).save(folder / name, **options)
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoded")
    exif = Image.Exif()
    exif[274] = 6
    files = [
        _encoded(folder, "a.png", exif=exif),
        _encoded(folder, "a.jpg", exif=exif),
        _encoded(folder, "a.bmp"),
        _encoded(folder, "a.tif"),
        _encoded(folder, "b.tif", compression="tiff_lzw"),
        _encoded(folder, "c.tif", compression="tiff_adobe_deflate"),
        _encoded(folder, "a.gif"),
        _encoded(folder, "a.webp"),
    ]
    stack = RNG.integers(0, 9, (3, 8, 8)).astype(np.uint16)
    tifffile.imwrite(folder / "d.tif", stack, photometric="minisblack")
    tifffile.imwrite(folder / "e.tif", stack, imagej=True)
    tifffile.imwrite(folder / "f.tif", stack, ome=True, metadata={"axes": "CYX"})
    files += [(folder / f"{letter}.tif").read_bytes() for letter in "def"]
    return folder, files


@settings(max_examples=250)
@given(data=st.data())
def test_damaged_files_never_raise_anything_but_input_error(encoded, data):
    folder, files = encoded
    content = bytearray(data.draw(st.sampled_from(files)))
    for _ in range(data.draw(st.integers(1, 8))):
        # Headers and directories are at the ends; damage there matters most.
        where = data.draw(st.integers(0, min(400, len(content) - 1)))
        side = data.draw(st.booleans())
        content[where if side else -1 - where] = data.draw(st.integers(0, 255))
    path = folder / "damaged"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] or content)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        collection = ImageCollection.from_files([path], config=CollectionConfig())
        images = [collection.image(i) for i in range(min(len(collection), 5))]
    except InputError:
        return
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image in images)
    assert [image.shape[:2] for image in images] == [
        collection.shape(i) for i in range(len(images))
    ]
