import os

import pytest

from napari_jcc.atomic import (
    filling,
    is_staging,
    part_prefix,
    publish,
    replace_file,
    replace_files,
    replacing,
    staging_folder,
)
from napari_jcc.errors import OutputError


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_are_replaced_added_and_removed(tmp_path):
    out, new, old = tmp_path / "out", tmp_path / "new", tmp_path / "old"
    write(out, top="1", sub__a="1", sub__b="1", gone__c="1", other="1")
    write(new, top="2", sub__a="2", more__d="2")
    publish(new, old, out, ["sub/b", "gone/c", "never/there"])
    assert read(out) == {"top": "2", "sub/a": "2", "more/d": "2", "other": "1"}
    assert not (out / "gone").exists()


def test_a_folder_that_could_not_be_filled_is_taken_away(tmp_path):
    with pytest.raises(OSError, match="full"), filling(tmp_path / "a" / "b") as new:
        write(new, file="1")
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="full"), filling(tmp_path / "there"):
        raise OSError("full")
    assert (tmp_path / "there").is_dir()


def test_a_step_that_fails_undoes_those_before(tmp_path):
    out, new, old = tmp_path / "out", tmp_path / "new", tmp_path / "old"
    write(out, sub__a="1", top="1", blocked__by="1", stale="1")
    write(new, sub__a="2", sub__extra="2", blocked="2", top="2")
    with pytest.raises(OSError, match="blocked"):
        publish(new, old, out, ["stale"])
    assert read(out) == {"sub/a": "1", "top": "1", "blocked/by": "1", "stale": "1"}


def test_staging_folder_is_inside_and_goes(tmp_path):
    with pytest.raises(KeyboardInterrupt), staging_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert is_staging(folder)
        write(folder, a="1")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_content_is_replaced_whole_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "notes"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert read(tmp_path) == {"notes": "new"}
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_content_alone(tmp_path, error):
    write(tmp_path, notes="old")
    with pytest.raises(type(error)), replacing(tmp_path / "notes") as file:
        file.write(b"half")
        raise error
    assert read(tmp_path) == {"notes": "old"}


def test_a_link_keeps_leading_to_the_file(tmp_path):
    write(tmp_path, real="old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_leftovers_of_killed_programs_go_but_not_those_of_running_ones(tmp_path):
    for name in ("old", "young", "other"):
        target = "else" if name == "other" else "notes"
        (tmp_path / f"{part_prefix(target)}{name}").touch()
    for name in ("notes-old", "else-other"):
        os.utime(tmp_path / f".napari-jcc-{name}", (0, 0))
    with replacing(tmp_path / "notes"):
        pass
    names = {".napari-jcc-notes-young", ".napari-jcc-else-other", "notes"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_files_are_written_together_and_errors_explained(tmp_path):
    replace_files(tmp_path / "new", {"a": b"1", "sub/b": b"2"})
    assert read(tmp_path / "new") == {"a": "1", "sub/b": "2"}
    with pytest.raises(OutputError, match=r"Cannot write to .*choose another folder"):
        replace_files(tmp_path / "new", {"c": b"3", "a/b": b"4"})
    assert read(tmp_path / "new") == {"a": "1", "sub/b": "2"}


def test_the_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(OutputError, match=r"Cannot write to .*scores\.csv: "):
        replace_file(tmp_path / "scores.csv", b"1")
