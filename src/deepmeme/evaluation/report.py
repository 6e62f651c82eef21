"""A folder that shows an evaluation: report.html (worst clips first), results.json, sheets."""

import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from deepmeme.errors import OutputError
from deepmeme.evaluation.charts import chart
from deepmeme.evaluation.compare import Compared
from deepmeme.evaluation.contenders import AFFINE, STILL
from deepmeme.evaluation.cross import CrossResult
from deepmeme.evaluation.evaluate import Evaluation, mean_scores
from deepmeme.evaluation.measures import BY_KEY, CROSS, MEASURES, RECONSTRUCTION
from deepmeme.evaluation.reconstruct import ClipResult
from deepmeme.evaluation.results import as_dict

Means = Mapping[str, float]

_IMPORTANT = (
    "l1", "psnr", "ms_ssim", "gmsd", "akd", "mouth", "lids", "gaze", "missing", "aed", "flicker",
    "background",
)  # fmt: skip
_EXPLAINED = {
    STILL: "the source held still",
    AFFINE: "the source under one affine map that fits the keypoints",
}


def write_report(found: Evaluation, sheets: Mapping[str, Path], folder: Path) -> Path:
    """Write both files into ``folder`` and return the page.

    The sheets' files, marked as made by AI, go into the page byte by byte.

    Raises:
        OutputError: it can't be written there.
    """
    page = folder / "report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / "results.json", json.dumps(as_dict(found), indent=1) + "\n")
        _put(page, page_of(found, sheets))
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}. Choose another place."
        ) from error
    return page


def check_folder(folder: Path) -> None:
    """Make the folder of a report, before an hour of work.

    Raises:
        OutputError: a file lies there, or nothing can be written there.
    """
    probe = folder / ".results.json.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be the report's folder: {error.strerror or error}. "
            "Choose another place."
        ) from error


def _put(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def page_of(found: Evaluation, sheets: Mapping[str, Path]) -> str:
    """The page, whole: no script, nothing loaded from anywhere."""
    style = files("deepmeme.evaluation").joinpath("page.css").read_text("utf-8")
    title = f"How good is {found.names[0]}?"
    parts = [
        _head(found, title),
        _summary(found),
        _bars(found),
        *_comparisons(found),
        "<h2>Clips, worst first</h2>",
        "<p class=quiet>Self-reenactment: the clip's first frame is moved like the clip, so every "
        "true frame is known. The chart shows the landmarks' distance (or L1) frame by frame.</p>",
        *[_clip(found, clip, sheets) for clip in found.clips],
        *_stills(found, sheets),
        _explanations(),
        _how(found),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(found: Evaluation, title: str) -> str:
    info = found.models[0]
    against = f", compared with {found.names[1]}" if len(found.names) > 1 else ""
    speed = f"{found.fps(found.names[0]):.1f} frames a second here"
    facts = f"{info.engine}, {info.precision}, {info.resolution}x{info.resolution}, {speed}"
    return (
        f"<h1>{escape(title)}</h1><p class=quiet>{len(found.clips)} clips{escape(against)}. "
        f"{escape(facts)}. The moved pictures below are made by AI.</p>"
    )


def _summary(found: Evaluation) -> str:
    parts = ["<h2>In short</h2>", f"<p>{escape(_in_words(found))}</p>"]
    for group, clips in found.groups().items():
        means = {name: mean_scores(clips, name) for name in _contenders(found)}
        head = f"<h3>{escape(group)}</h3><span class=tag>{_count(clips)}</span>"
        body = _table(means, _IMPORTANT, found.names)
        parts.append(f"<div class=card><div class=head>{head}</div>{body}</div>")
    return "".join(parts)


def _count(clips: Sequence[ClipResult]) -> str:
    return "1 clip" if len(clips) == 1 else f"{len(clips)} clips"


def _in_words(found: Evaluation) -> str:
    """How often the model beats the source held still, and by how much."""
    name = found.names[0]
    said = []
    for key, what in (("akd", "landmarks"), ("l1", "pixels"), ("gmsd", "edges")):
        pairs = [(clip.rows[name].means[key], clip.rows[STILL].means[key]) for clip in found.clips]
        known = [(ours, still) for ours, still in pairs if ours == ours and still == still]
        if known:
            better = sum(ours < still for ours, still in known)
            said.append(f"{what} on {better} of {len(known)}")
    missed = [bar for bar in found.bars if bar.met is False]
    bars = f"{len(missed)} of {len(found.bars)} bars missed." if missed else "All bars met."
    return (
        f"{name} is nearer to the true frames than the source held still by "
        f"{', by '.join(said)} clips. {bars}"
    )


def _contenders(found: Evaluation) -> list[str]:
    return [STILL, AFFINE, *found.names]


def _table(means: Mapping[str, Means], keys: Sequence[str], names: Sequence[str]) -> str:
    """A row a contender; the best of each column in green, the judged model tinted."""
    shown = [key for key in keys if any(_there(row.get(key)) for row in means.values())]
    head = "".join(
        f"<th>{escape(BY_KEY[key].title)}<span>{escape(BY_KEY[key].unit)}</span></th>"
        for key in shown
    )
    best = {key: _best(means, key) for key in shown}
    rows = []
    for name, row in means.items():
        cells = "".join(
            f"<td{' class=best' if name == best[key] else ''}>{BY_KEY[key].text(row.get(key))}</td>"
            for key in shown
        )
        dot = f'<span class=dot style="background:var(--{_colour(name, names)})"></span>'
        hint = f' title="{escape(_EXPLAINED[name])}"' if name in _EXPLAINED else ""
        judged = " class=judged" if name == names[0] else ""
        rows.append(f"<tr{judged}><td{hint}>{dot}{escape(name)}</td>{cells}</tr>")
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _best(means: Mapping[str, Means], key: str) -> str:
    known = {name: row[key] for name, row in means.items() if _there(row.get(key))}
    if len(set(known.values())) < 2:
        return ""
    return max(known, key=lambda name: known[name] * BY_KEY[key].better)


def _there(value: float | None) -> bool:
    return value is not None and value == value


def _colour(name: str, names: Sequence[str]) -> str:
    return {STILL: "still", AFFINE: "affine", names[0]: "model"}.get(name, "other")


def _bars(found: Evaluation) -> str:
    rows = []
    for bar in found.bars:
        word = {True: "met", False: "missed", None: "-"}[bar.met]
        style = f' class="{word}"' if bar.met is not None else ""
        rows.append(
            f"<tr><td class=words>{escape(bar.says)}</td><td class=words>{escape(bar.found)}</td>"
            f"<td><span{style}>{word}</span></td></tr>"
        )
    return (
        "<h2>The bars for the shipped portrait model</h2><div class=card><table><tbody>"
        f"{''.join(rows)}</tbody></table></div>"
    )


def _comparisons(found: Evaluation) -> list[str]:
    clips, stills = found.compared()
    if not clips:
        return []
    first, second = (escape(name) for name in found.names[:2])
    parts = [
        f"<h2>{first} against {second}</h2>",
        f"<p class=quiet>The difference is {first} less {second}. It counts as clear only where "
        "the interval (bootstrap over clips, 95 %) leaves out 0 and the sign test is below 5 %; "
        "fewer than six clips are never enough.</p>",
        _compared("on clips", clips),
    ]
    return [*parts, _compared("on stills", stills)] if stills else parts


def _compared(title: str, compared: Sequence[Compared]) -> str:
    rows = []
    for one in compared:
        found, text = one.difference, one.measure.text
        style = "quiet"
        if found.is_clear:
            style = "met" if found.mean * one.measure.better > 0 else "missed"
        rows.append(
            f"<tr><td>{escape(one.measure.title)}</td><td>{text(found.mean)}</td>"
            f"<td>{text(found.low)} to {text(found.high)}</td><td>{found.sign_p:.3f}</td>"
            f'<td class=words><span class="{style}">{escape(one.verdict)}</span></td></tr>'
        )
    each = _each(compared)
    return (
        f"<div class=card><h3>{title}</h3><table><thead><tr><th></th><th>difference</th>"
        "<th>95 % interval</th><th>sign test p</th><th class=words></th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{each}</div>"
    )


def _each(compared: Sequence[Compared]) -> str:
    """The differences clip by clip, folded away."""
    head = "".join(f"<th>{escape(one.measure.title)}</th>" for one in compared)
    rows = [
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{one.measure.text(one.each[name])}</td>" for one in compared)
        + "</tr>"
        for name in compared[0].each
    ]
    return (
        f"<details><summary>one by one</summary><table><thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></details>"
    )


def _clip(found: Evaluation, clip: ClipResult, sheets: Mapping[str, Path]) -> str:
    means = {name: clip.rows[name].means for name in _contenders(found)}
    tags = [
        "much motion" if clip.moves_much else "little motion",
        f"{clip.frames} frames",
        f"cut: {clip.where}",
        f"the video's own warp error {clip.own['warp_error']:.2f}, "
        f"background {_number(clip.own['background'])} grey levels",
    ]
    head = f"<h3>{escape(clip.name)}</h3>" + "".join(
        f"<span class=tag>{escape(tag)}</span>" for tag in tags
    )
    akd = any(value == value for value in clip.rows[STILL].series["akd"])
    key = "akd" if akd else "l1"
    series = {
        _colour(name, found.names): clip.rows[name].series[key] for name in _contenders(found)
    }
    picture = chart(series, clip.numbers, BY_KEY[key])
    table = _table(means, RECONSTRUCTION, found.names)
    return (
        f"<div class=card><div class=head>{head}</div><div class=clip><div>{table}</div>{picture}"
        f"</div>{_image(sheets.get(clip.name), f'frames of {clip.name}')}</div>"
    )


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.2f}"


def _stills(found: Evaluation, sheets: Mapping[str, Path]) -> list[str]:
    if not found.crossed:
        return []
    parts = [
        "<h2>Stills moved by others</h2>",
        "<p class=quiet>No true frames exist, so the eye judges; the figures say what can be "
        "said. AED is the distance to the still's own person.</p>",
    ]
    by_clip: dict[str, list[CrossResult]] = {}
    for one in found.crossed:
        by_clip.setdefault(one.clip, []).append(one)
    for clip, pairs in by_clip.items():
        means = {name: mean_scores(pairs, name) for name in _contenders(found)}
        each = {pair.still: pair.rows[found.names[0]].means for pair in pairs}
        parts.append(
            f"<div class=card><div class=head><h3>{escape(clip)}</h3><span class=tag>mean over "
            f"{len(pairs)} stills</span></div>{_table(means, CROSS, found.names)}"
            f"<details><summary>{escape(found.names[0])}, one by one</summary>"
            f"{_table(each, CROSS, found.names)}</details>"
            f"{_image(sheets.get(f'stills:{clip}'), f'stills moved by {clip}')}</div>"
        )
    return parts


def _image(file: Path | None, alt: str) -> str:
    if file is None:
        return ""
    data = b64encode(file.read_bytes()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'


def _explanations() -> str:
    items = "".join(
        f"<dt>{escape(m.title)}</dt><dd>{escape(m.says)} "
        f"{'Less' if m.better < 0 else 'More'} is better."
        f"<small>{escape(m.formula)}; {escape(m.source)}</small></dd>"
        for m in MEASURES
    )
    return f"<h2>What the measures say</h2><div class=card><dl>{items}</dl></div>"


def _how(found: Evaluation) -> str:
    judges = found.judges
    same = judges["same_person_below"]
    person = f"{judges['embedding']} (same person below {same:g})" if same else "not measured"
    lines = [
        f"Source: the first frame. One frame in {found.request.every} counts, at most "
        f"{found.request.most}; the source itself doesn't.",
        f"Landmarks: {judges['landmarks'] or 'not measured'}. Identity: {person}.",
        "still: the source held. affine: the source under the one affine map that fits the "
        "model's keypoints best. Flicker and background are measured between each rated frame "
        "and the one right after it.",
    ]
    lines += [f"Passed over: {path}: {why}" for path, why in found.skipped.items()]
    return "<h2>How it was measured</h2>" + "".join(f"<p>{escape(line)}</p>" for line in lines)
