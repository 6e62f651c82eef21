"""Prepare ``fluent-emoji``: four archives of animated pictures become a folder of videos."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deepmeme.data.emoji import Clip, EmojiVideos, judged_names, write_videos
from deepmeme.data.emoji_choice import Emoji, choose
from deepmeme.data.sources import DataSet
from deepmeme.data.sources_archive import Bounds, member_names, read_members
from deepmeme.data.sources_fetch import Tell, obtain
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.errors import InputError

BOUNDS = Bounds(members=20_000, member_bytes=2**23, total_bytes=2**31)
SUFFIX = ".webp"


def prepare_emoji(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Choose, judge and write the emoji.

    Raises:
        InputError: the local copy is not what it should be, or a hostile archive.
    """
    sums: dict[str, str] = {}
    loose = sorted(local.rglob("*" + SUFFIX)) if local is not None and local.is_dir() else []
    archives: list[Path] = []
    if loose:
        names = [path.stem for path in loose]
    else:
        for remote in data_set.files:
            got = obtain(data_set, remote, local, tell)
            sums[remote.filename] = got.sha256
            archives.append(got.path)
        names = [_stem(name) for a in archives for name in member_names(a, bounds=BOUNDS)]
        names = [name for name in names if name]
    chosen = choose(names)[: wishes.limit]
    if not chosen:
        raise InputError(
            f"{local or data_set.name} holds no emoji of faces, people or animals. Expected "
            f"{data_set.takes}."
        )
    waiting = {emoji.name: emoji for emoji in chosen}
    for name in judged_names(folder):
        waiting.pop(name, None)
    clips = _loose_clips(loose, waiting) if loose else _packed_clips(archives, waiting)
    manifest = write_videos(
        folder,
        chosen,
        clips,
        EmojiVideos(size=wishes.size),
        on_done=lambda done: tell("emoji", done, len(chosen)),
    )
    counts = f"{manifest['num_train']} to learn from, {manifest['num_test']} to test on"
    return Made(
        folder,
        num_items=len(manifest["videos"]),
        what=f"videos ({counts}; {len(manifest['left_out'])} left out)",
        sums=sums,
    )


def _stem(member: str) -> str:
    path = PurePosixPath(member)
    return path.name.removesuffix(SUFFIX) if path.suffix == SUFFIX else ""


def _packed_clips(archives: list[Path], waiting: dict[str, Emoji]) -> Iterator[Clip]:
    for archive in archives:
        if not waiting:
            return
        for name, encoded in read_members(archive, lambda n: _stem(n) in waiting, bounds=BOUNDS):
            yield Clip(waiting.pop(_stem(name)), f"{archive.name}: {name}", encoded)


def _loose_clips(paths: list[Path], waiting: dict[str, Emoji]) -> Iterator[Clip]:
    for path in paths:
        emoji = waiting.pop(path.stem, None)
        if emoji is None:
            continue
        if path.stat().st_size > BOUNDS.member_bytes:
            raise InputError(f"{path} is too large for an emoji.")
        yield Clip(emoji, path.name, path.read_bytes())
