import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.errors import InputError, OutputError
from napari_jcc.project import Autosave, find_recoverable, load_project, save_project
from napari_jcc.project.recovery import recovery_folder
from results_samples import image_result, result_of

# Saves one version after the other, each with its number in every pixel of its masks.
SESSION = """
import sys
import numpy as np
from napari_jcc.config import JccConfig
from napari_jcc.project import Autosave, Project
from napari_jcc.results.result import JccResult, bare_image

autosave = Autosave(sys.argv[1])
for number in range(1, 10**6):
    masks = [np.full((300, 300), number, np.int32) for _ in range(8)]
    images = tuple(bare_image(f"{i}", mask=mask) for i, mask in enumerate(masks))
    project = Project((), JccConfig(), "fast", JccResult(images, JccConfig()))
    autosave.save(project, origin="/data/my.jcc")
    print(number, flush=True)
"""


def start_session(folder):
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(folder)], stdout=subprocess.PIPE, text=True
    )
    session.stdout.readline()
    return session


def kill(session):
    session.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    rest = session.stdout.read().split()
    session.wait()
    session.stdout.close()
    return int(rest[-1]) if rest else 1


def test_a_session_killed_while_saving_leaves_its_last_whole_copy(tmp_path):
    for pause in (0.0, 0.013, 0.037):
        folder = tmp_path / str(pause)
        session = start_session(folder)
        assert find_recoverable(folder) == []  # it is running
        time.sleep(pause)
        told = kill(session)
        (found,) = find_recoverable(folder)
        assert (found.header.origin, found.header.answered) == ("/data/my.jcc", 8)
        project, report = found.recover()
        assert report.is_clean
        values = {int(v) for image in project.result.images for v in np.unique(image.mask)}
        # All of one version: the last that was told, or one finished after that.
        assert values <= {told, told + 1}
        assert len(values) == 1
        assert {path.name for path in folder.iterdir()} == {
            found.path.name,
            found.path.with_suffix(".lock").name,
        }
        found.discard()
        assert list(folder.iterdir()) == []


def test_a_session_that_ends_in_good_order_leaves_nothing(project, tmp_path):
    autosave = Autosave(tmp_path / "new")
    assert autosave.save(project)
    assert load_project(autosave.path)[0].statuses == project.statuses
    autosave.close()
    assert list((tmp_path / "new").iterdir()) == []


def test_nothing_is_written_twice(project, tmp_path):
    autosave = Autosave(tmp_path)
    assert autosave.save(project)
    assert not autosave.save(project)
    assert autosave.save(replace(project, truth="truth"))
    autosave.close()


def test_running_sessions_are_not_offered_also_not_in_this_process(project, tmp_path):
    autosave = Autosave(tmp_path)
    autosave.save(project)
    assert find_recoverable(tmp_path) == []
    thread = threading.Thread(target=autosave.close)  # as a window's worker may
    thread.start()
    thread.join()
    assert find_recoverable(tmp_path) == []


def test_only_one_window_recovers_a_session(project, tmp_path):
    folder = tmp_path / "copies"
    save_project(project, folder / "ended.jcc")
    (first,), (second,) = find_recoverable(folder), find_recoverable(folder)
    first.recover()
    assert find_recoverable(folder) == []
    for action in (second.recover, second.discard):
        with pytest.raises(InputError, match="Another window"):
            action()
    first.discard()
    assert list(folder.iterdir()) == []


def test_copies_are_listed_latest_first_and_damaged_ones_say_so(project, tmp_path):
    for number, name in enumerate(("old", "new", "broken")):
        path = save_project(project, tmp_path / f"{name}.jcc")
        os.utime(path, (number, number))
    (tmp_path / "broken.jcc").write_bytes(b"PK\x03\x04")
    os.utime(tmp_path / "broken.jcc", (2, 2))
    found = find_recoverable(tmp_path)
    assert [item.path.stem for item in found] == ["broken", "new", "old"]
    assert "damaged" in found[0].problem
    assert [bool(item.header) for item in found] == [False, True, True]


def test_there_is_nothing_to_recover_where_nothing_was_kept(tmp_path):
    assert find_recoverable(tmp_path / "none") == []


def test_the_folder_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = recovery_folder()
    assert folder.parts[-2:] == ("napari-jcc", "recovery")
    if sys.platform == "linux":
        assert folder == tmp_path / "napari-jcc" / "recovery"


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="automatic copies"):
        Autosave(tmp_path / "file")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_no_space_for_a_copy_keeps_the_one_before(project, tmp_path):
    autosave = Autosave(tmp_path)
    autosave.save(project)
    noise = np.random.default_rng(0).random((400, 400)).astype(np.float32)
    large = project.with_result(result_of(image_result("cow", saliency_map=noise)))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(OutputError, match="Free some space"):
            autosave.save(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    scores = [image.box_score for image in load_project(autosave.path)[0].result.images]
    assert scores == [0.75, 0.5, 0.0]
    assert autosave.save(large)  # space is back: it is not taken for saved
    autosave.close()
