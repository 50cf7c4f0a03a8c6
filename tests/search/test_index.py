"""A folder is embedded once, kept up to date, and answers rightly; whatever happens to its file."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from PIL import Image

from seeread.errors import DataError, UsageError
from seeread.search.index import Index
from seeread.search.query import of_image, of_text
from seeread.search.stored import Damaged, read_index
from tests.tiny import colour_model, tiny_model

MODEL = colour_model()


def updated(folder: Path, **how: object) -> tuple[Index, list[int]]:
    """The index and (added, changed, removed, skipped)."""
    index = Index(MODEL, folder)
    update = index.update(**how)  # type: ignore[arg-type]
    return index, [update.added, update.changed, update.removed, len(update.skipped)]


def test_finds_what_fits_best_first(photos: Path) -> None:
    index, counts = updated(photos)
    assert counts == [4, 0, 0, 0]
    hits = index.search("red")
    assert {hits[0].path, hits[1].path} == {"a.png", "sub/d.png"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    assert [hit.path for hit in index.search("a photo of the blue", top=1)] == ["sub/c.jpg"]
    assert index.search(of_image(MODEL, photos / "b.png"), top=1)[0].path == "b.png"
    assert len(index.search("red", top=99)) == 4


def test_scores_are_the_cosines_of_the_model(photos: Path) -> None:
    index = Index(tiny_model(), photos)
    index.update()
    query = of_text(index.model, "a dog")
    expected = index.model.embed_images([photos / name for name in index.paths]) @ query
    found = {hit.path: hit.score for hit in index.search("a dog")}
    torch.testing.assert_close(torch.tensor([found[name] for name in index.paths]), expected, atol=2e-3, rtol=0)


def test_the_second_time_nothing_is_embedded(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    updated(photos)
    before = Index(MODEL, photos).file.stat().st_mtime_ns
    calls: list[object] = []
    monkeypatch.setattr("seeread.search.index.embed_readable", lambda *a: calls.append(a) or iter(()))
    index, counts = updated(photos)
    assert (counts, calls) == ([0, 0, 0, 0], [])
    assert index.search("green", top=1)[0].path == "b.png"
    assert index.file.stat().st_mtime_ns == before, "nor is the file written again"


def test_only_what_changed_is_embedded(photos: Path) -> None:
    updated(photos)
    Image.new("RGB", (20, 16), "yellow").save(photos / "e.png")
    Image.new("RGB", (21, 16), "blue").save(photos / "a.png")
    (photos / "b.png").unlink()
    index, counts = updated(photos)
    assert counts == [1, 1, 1, 0]
    assert {hit.path for hit in index.search("blue", top=2)} == {"a.png", "sub/c.jpg"}
    assert "b.png" not in index.paths
    assert updated(photos)[1] == [0, 0, 0, 0]


def test_the_same_size_at_another_time_is_another_picture(photos: Path) -> None:
    updated(photos)
    os.utime(photos / "a.png", ns=(1, 1))
    assert updated(photos)[1] == [0, 1, 0, 0]


def test_broken_pictures_are_told_and_not_tried_again_until_they_change(photos: Path) -> None:
    (photos / "bad.jpg").write_text("no picture")
    index, counts = updated(photos)
    assert counts == [4, 0, 0, 1]
    assert "text" in index.update().skipped["bad.jpg"]
    assert updated(photos)[1] == [0, 0, 0, 1]
    Image.new("RGB", (20, 16), "red").save(photos / "bad.jpg")
    assert updated(photos)[1] == [1, 0, 0, 0]


def test_a_picture_that_breaks_is_left_out(photos: Path) -> None:
    updated(photos)
    (photos / "a.png").write_text("no picture any more")
    index, counts = updated(photos)
    assert counts == [0, 0, 0, 1]
    assert "a.png" not in index.paths


def test_the_folder_itself_is_left_alone(photos: Path, cache: Path) -> None:
    before = sorted(photos.rglob("*"))
    index, _ = updated(photos)
    assert sorted(photos.rglob("*")) == before
    assert index.file.is_relative_to(cache)


def test_beside_the_pictures_it_moves_with_them(photos: Path, cache: Path) -> None:
    index = Index(MODEL, photos, beside=True)
    index.update()
    assert index.file.parent == photos / ".seeread"
    assert not cache.exists()
    moved = photos.rename(photos.with_name("moved"))
    again, counts = updated(moved)
    assert counts == [0, 0, 0, 0], "it is found without being asked for, and its paths still hold"
    assert len(again) == 4


def test_another_model_has_another_index(photos: Path) -> None:
    updated(photos)
    other = Index(tiny_model(), photos)
    assert other.update().added == 4
    assert updated(photos)[1] == [0, 0, 0, 0], "and the first one keeps its own"


def test_more_training_under_the_same_name_begins_anew(photos: Path) -> None:
    first, second = tiny_model(seed=0), tiny_model(seed=1)
    Index(first, photos).update()
    index = Index(second, photos)
    update = index.update()
    assert (update.added, update.discarded) == (4, "the model has changed")
    expected = second.embed_images([photos / name for name in index.paths]) @ of_text(second, "a dog")
    found = {hit.path: hit.score for hit in index.search("a dog")}
    torch.testing.assert_close(torch.tensor([found[name] for name in index.paths]), expected, atol=2e-3, rtol=0)


def test_the_same_model_in_lower_precision_keeps_it(photos: Path) -> None:
    model = tiny_model()
    Index(model, photos).update()
    rounded = tiny_model()
    for parameter in rounded.module.parameters():
        parameter.data = parameter.data.bfloat16().float()
    assert Index(rounded, photos).update().added == 0


@pytest.mark.parametrize("how", ["cut", "zeros", "flipped", "empty", "text", "folder"])
def test_a_damaged_file_is_made_anew(photos: Path, how: str) -> None:
    index, _ = updated(photos)
    content = bytearray(index.file.read_bytes())
    match how:
        case "cut":
            index.file.write_bytes(content[: len(content) // 2])
        case "zeros":
            index.file.write_bytes(bytes(len(content)))
        case "flipped":
            content[-3] ^= 64
            index.file.write_bytes(content)
        case "empty":
            index.file.write_bytes(b"")
        case "text":
            index.file.write_text("hello")
        case "folder":
            index.file.unlink()
            index.file.mkdir()
    again = Index(MODEL, photos)
    update = again.update()
    assert update.added == 4
    assert update.discarded or how == "folder"
    assert update.unsaved if how == "folder" else updated(photos)[1] == [0, 0, 0, 0]
    assert again.search("blue", top=1)[0].path == "sub/c.jpg"


def test_every_cut_and_many_flips_are_noticed(photos: Path) -> None:
    index, _ = updated(photos)
    whole = index.file.read_bytes()
    stored = read_index(index.file, index._identity)
    assert stored is not None
    for place in range(0, len(whole), 7):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            index.file.write_bytes(content)
            try:
                found = read_index(index.file, index._identity)
            except Damaged:
                continue
            assert found is not None, place
            assert found.pictures == stored.pictures, place  # a flip in the notes that changes nothing that is used
            assert torch.equal(found.vectors, stored.vectors), place


def test_rebuild_embeds_everything(photos: Path) -> None:
    updated(photos)
    assert updated(photos, rebuild=True)[1] == [4, 0, 0, 0]


def test_what_is_done_is_kept_when_it_is_interrupted(photos: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert total == 4
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index(MODEL, photos).update(batch_size=1, advance=stop)
    assert updated(photos)[1] == [2, 0, 0, 0]


def test_progress_is_saved_on_the_way(photos: Path) -> None:
    sizes: list[int] = []
    index = Index(MODEL, photos)

    def look(done: int, total: int) -> None:
        stored = read_index(index.file, index._identity)
        sizes.append(len(stored.pictures) if stored else 0)

    index.update(batch_size=1, advance=look, save_every=0)
    assert sizes == [0, 1, 2, 3]


def test_killed_while_writing(photos: Path, tmp_path: Path) -> None:
    """A process that is killed again and again leaves nothing that cannot be read."""
    for number in range(300):
        Image.new("RGB", (4, 4), (number % 256, 0, 0)).save(photos / f"{number}.bmp")
    program = (
        "from pathlib import Path; from tests.tiny import colour_model; from seeread.search.index import Index\n"
        f"index = Index(colour_model(), Path({str(photos)!r})); print('ready', flush=True)\n"
        "while True: index.update(rebuild=True, batch_size=4, save_every=0)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env=os.environ.copy()
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.15)
    process.kill()
    process.wait()
    process.stdout.close()
    update = Index(MODEL, photos).update()
    assert update.discarded is None
    assert update.unsaved is None
    assert len(updated(photos)[0]) == 304


def test_two_at_once_do_the_work_once(photos: Path) -> None:
    """Threads stand for processes: the lock is one of the file, not of the process."""
    together = threading.Barrier(2)

    def work(_: int) -> tuple[int, str, str | None, str | None]:
        index = Index(colour_model(), photos)
        together.wait()
        update = index.update(advance=lambda done, total: time.sleep(0.05), batch_size=1)
        return update.added, index.search("blue", 1)[0].path, update.discarded, update.unsaved

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(work, range(2)))
    assert sorted(said) == [(0, "sub/c.jpg", None, None), (4, "sub/c.jpg", None, None)]


def test_nowhere_to_keep_it(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    index = Index(MODEL, photos)
    update = index.update()
    assert update.unsaved
    assert index.search("blue", top=1)[0].path == "sub/c.jpg"


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_names_that_are_not_utf8_survive(photos: Path) -> None:
    name = os.fsdecode(b"\xff\xfe blue.png")
    Image.new("RGB", (20, 16), "blue").save(photos / "x.png")
    (photos / "x.png").rename(photos / name)
    updated(photos)
    index, counts = updated(photos)
    assert counts == [0, 0, 0, 0]
    assert name in [hit.path for hit in index.search("blue", top=2)]


def test_an_empty_folder_and_none(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "empty").mkdir()
    index, counts = updated(tmp_path / "empty")
    assert counts == [0, 0, 0, 0]
    assert index.search("red") == []
    with pytest.raises(DataError, match="does not exist"):
        updated(tmp_path / "none")


def test_senseless_questions(photos: Path) -> None:
    index, _ = updated(photos)
    with pytest.raises(UsageError, match="blank"):
        index.search("  ")
    with pytest.raises(UsageError, match="at least 1"):
        index.search("red", top=0)


def test_a_hundred_thousand_are_searched_at_once(photos: Path) -> None:
    index, _ = updated(photos)
    names = {f"{number}.jpg": index._stored.pictures["a.png"] for number in range(100_000)}
    vectors = torch.nn.functional.normalize(torch.randn(1000, 512), dim=-1).half().repeat(100, 1)
    vectors[777] = torch.eye(512)[0]
    index._stored = type(index._stored)(names, vectors)
    started = time.process_time()
    hits = index.search(vectors[777].float(), top=3)
    assert time.process_time() - started < 1
    assert hits[0].path == "777.jpg"
