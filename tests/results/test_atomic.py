import pytest

from napari_jcc.results.atomic import is_staging, publish, staging_folder


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
