"""Folders and lists of files as users really have them."""

import errno
import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc.collection import ImageCollection, describe_files
from napari_jcc.collection.sources import FileSource
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError


def save(path, size=(4, 6), value=50):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, value, np.uint8)).save(path)
    return path


def test_natural_order(tmp_path):
    for name in ("img10.png", "img2.png", "img1.png"):
        save(tmp_path / name)
    assert ImageCollection.from_folder(tmp_path).names == ("img1", "img2", "img10")


def test_files_are_read_by_content_whatever_their_extension(tmp_path):
    save(tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert ImageCollection.from_folder(tmp_path).shape(0) == (4, 6)


def test_a_messy_folder_keeps_its_images_and_says_why_others_are_left_out(tmp_path):
    save(tmp_path / "gray.png")
    Image.new("RGB", (5, 3)).save(tmp_path / "colour.JPG")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("I am no image")
    (tmp_path / ".hidden.png").write_text("x")
    (tmp_path / ".git").mkdir()
    save(tmp_path / ".git" / "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    collection = ImageCollection.from_folder(tmp_path, recursive=True)
    assert collection.names == ("colour", "gray")
    reasons = {path.rsplit("/", 1)[1]: why for path, why in collection.skipped.items()}
    assert reasons.keys() == {"notes.txt", "empty.png", "text.png", "gone.png"}
    assert reasons["empty.png"] == "empty file"
    assert "not an image file" in reasons["notes.txt"]
    assert "not a PNG" in reasons["text.png"]


def test_a_file_that_proves_corrupt_later_fails_alone(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "bad.jpg")
    content = (tmp_path / "bad.jpg").read_bytes()
    (tmp_path / "bad.jpg").write_bytes(content[: len(content) // 2])
    save(tmp_path / "good.png")
    collection = ImageCollection.from_folder(tmp_path)
    assert len(collection) == 2
    with pytest.raises(InputError, match=r"bad\.jpg.*truncated"):
        collection.image(0)
    with pytest.raises(InputError, match=r"bad\.jpg"):
        collection.raw(0)
    rest = collection.select([1], skipped={collection.location(0): "truncated"})
    assert rest.names == ("good",)
    assert rest.image(0).shape == (4, 6, 3)
    assert rest.skipped == {str(tmp_path / "bad.jpg"): "truncated"}
    assert not collection.skipped


def test_a_deleted_file_is_an_input_error(tmp_path):
    collection = ImageCollection.from_files([save(tmp_path / "a.png")])
    (tmp_path / "a.png").unlink()
    for use in (collection.image, collection.raw, collection.fingerprint):
        with pytest.raises(InputError, match=r"a\.png"):
            use(0)


def test_no_images(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"No usable image.*There is no file"):
        ImageCollection.from_folder(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match=r"Left out: notes\.txt"):
        ImageCollection.from_folder(tmp_path)
    (tmp_path / "day 2").mkdir()
    with pytest.raises(InputError, match=r"Folders inside were not searched: day 2\."):
        ImageCollection.from_folder(tmp_path)
    with pytest.raises(InputError) as caught:
        ImageCollection.from_folder(tmp_path, recursive=True)
    assert "inside" not in str(caught.value)
    with pytest.raises(InputError, match="no path"):
        ImageCollection.from_paths([])

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    monkeypatch.setattr("os.listdir", refuse)
    with pytest.raises(InputError, match="cannot list the folder: Permission denied"):
        ImageCollection.from_folder(tmp_path)


@pytest.mark.parametrize("name", ["zarr.json", ".zarray", ".zgroup"])
def test_a_zarr_array_is_told_how_it_is_opened(tmp_path, name):
    (tmp_path / name).write_text("{}")
    (tmp_path / "0.0").write_bytes(b"chunk")
    with pytest.raises(InputError, match="a plain array as a layer of napari"):
        ImageCollection.from_folder(tmp_path)


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.png does not exist.*Check"):
        ImageCollection.from_paths([tmp_path / "nowhere.png"])
    with pytest.raises(InputError, match="Patterns are not expanded"):
        ImageCollection.from_paths([tmp_path / "*.png"])
    with pytest.raises(InputError, match="not a folder"):
        ImageCollection.from_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a folder"):
        ImageCollection.from_files([tmp_path])


def test_recursion_is_asked_for(tmp_path):
    save(tmp_path / "a.png")
    save(tmp_path / "sub" / "deep" / "b.png")
    assert ImageCollection.from_folder(tmp_path).names == ("a",)
    both = ImageCollection.from_folder(tmp_path, recursive=True)
    assert both.names == ("a", "sub/deep/b")


def test_files_and_folders_mix_and_each_file_counts_once(tmp_path):
    first = save(tmp_path / "one" / "a.png")
    save(tmp_path / "two" / "a.png")
    collection = ImageCollection.from_paths([tmp_path / "two", first, first, first.parent])
    assert collection.names == ("one/a", "two/a")
    assert collection.location(0) == str(first)


def test_a_single_path_may_stand_alone(tmp_path):
    save(tmp_path / "a.png")
    assert ImageCollection.from_paths(str(tmp_path)).names == ("a",)


def test_names_stay_apart(tmp_path):
    for name in ("x.png", "x.jpg", "X.bmp", "x_png.bmp", "y.png"):
        save(tmp_path / name)
    names = ImageCollection.from_folder(tmp_path).names
    assert set(names) == {"x_png", "x_jpg", "X_bmp", "x_png_2", "y"}
    assert names == ImageCollection.from_folder(tmp_path).names


def test_dots_in_names_stay(tmp_path):
    save(tmp_path / "scan.v1.png")
    save(tmp_path / "scan.v2.png")
    assert ImageCollection.from_folder(tmp_path).names == ("scan.v1", "scan.v2")


def test_every_page_has_a_name_and_a_fingerprint(tmp_path):
    stack = np.arange(11 * 4 * 5, dtype=np.uint16).reshape(11, 4, 5)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    collection = ImageCollection.from_folder(tmp_path)
    assert len(collection) == 11
    assert collection.names[:2] == ("stack_p00", "stack_p01")
    assert len({collection.fingerprint(i) for i in range(11)}) == 11
    np.testing.assert_array_equal(collection.raw(7), stack[7])


@pytest.mark.parametrize("name", ["with space", "Überprüfung", "图像", "a'b", "100%"])
@pytest.mark.parametrize("extension", ["png", "jpg", "tif"])
def test_any_path_is_read(tmp_path, name, extension):
    path = save(tmp_path / name / f"{name}.{extension}")
    collection = ImageCollection.from_files([path])
    assert collection.names == (name,)
    assert np.all(collection.image(0) == 50)


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    collection = ImageCollection.from_files(["a.png"])
    monkeypatch.chdir("/")
    assert collection.image(0).shape == (4, 6, 3)


def test_shape_comes_from_the_header_and_is_upright(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (7, 3)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("RGB", (7, 3)).save(tmp_path / "b.png", exif=exif)
    Image.new("RGB", (7, 3)).save(tmp_path / "c.tif", compression="tiff_lzw")
    monkeypatch.setattr(Image.Image, "load", _refuse)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", _refuse)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", _refuse)
    collection = ImageCollection.from_folder(tmp_path)
    assert [collection.shape(i) for i in range(3)] == [(7, 3), (7, 3), (3, 7)]


def _refuse(*_args, **_options):
    raise AssertionError("pixels were decoded, or bytes hashed again")


def test_fingerprint_is_of_the_content_not_of_the_settings(tmp_path):
    a, b = save(tmp_path / "a.png"), save(tmp_path / "b.png")
    save(tmp_path / "c.png", value=51)
    collection = ImageCollection.from_folder(tmp_path)
    prints = [collection.fingerprint(i) for i in range(3)]
    assert prints[0] == prints[1] != prints[2]
    other = collection.with_config(CollectionConfig(working_size=64))
    assert [other.fingerprint(i) for i in range(3)] == prints
    a.write_bytes(b.read_bytes() + b"more")
    assert collection.fingerprint(0) != prints[0]


def test_every_file_of_a_set_is_hashed_once_whatever_its_size(tmp_path, monkeypatch):
    sources = [FileSource(str(tmp_path / f"{i}.png"), 0, (1, 1)) for i in range(300)]
    for source in sources:
        Path(source.location).write_bytes(b"x")
    prints = [source.fingerprint() for source in sources]
    monkeypatch.setattr("hashlib.file_digest", _refuse)
    assert [source.fingerprint() for source in sources] == prints


def test_a_collection_of_files_pickles_cheaply(tmp_path):
    save(tmp_path / "a.png", size=(500, 500))
    collection = ImageCollection.from_folder(tmp_path)
    text = pickle.dumps(collection)
    assert len(text) < 2000
    copy = pickle.loads(text)
    assert copy.names == collection.names
    assert copy.fingerprint(0) == collection.fingerprint(0)
    np.testing.assert_array_equal(copy.image(0), collection.image(0))


def test_a_file_that_may_not_be_read_is_left_out(tmp_path, monkeypatch):
    save(tmp_path / "a.png")
    secret = save(tmp_path / "b.png")
    original = type(secret).open

    def open_some(path, *args, **options):
        if path == secret:
            raise PermissionError(13, "Permission denied")
        return original(path, *args, **options)

    monkeypatch.setattr(type(secret), "open", open_some)
    collection = ImageCollection.from_folder(tmp_path)
    assert collection.names == ("a",)
    assert "Permission denied" in collection.skipped[str(secret)]


def test_averaged_channels_are_told(tmp_path):
    gray = tmp_path / "gray.tif"
    tifffile.imwrite(gray, np.zeros((6, 8, 2), np.uint8), extrasamples=["unassalpha"])
    save(tmp_path / "a.png")
    assert describe_files(ImageCollection.from_folder(tmp_path)) == []
    two = np.zeros((2, 6, 8), np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", two, ome=True, metadata={"axes": "CYX"})
    (told,) = describe_files(ImageCollection.from_folder(tmp_path))
    assert "1 file has 2 channels" in told
    assert "averaged" in told
    three = np.zeros((3, 6, 8), np.uint16)
    tifffile.imwrite(tmp_path / "c.tif", three, ome=True, metadata={"axes": "CYX"})
    (told,) = describe_files(ImageCollection.from_folder(tmp_path))
    assert "2 files have up to 3 channels" in told
    config = CollectionConfig(channels=(1,))
    assert describe_files(ImageCollection.from_folder(tmp_path, config=config)) == []
