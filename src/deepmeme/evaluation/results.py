"""An evaluation as plain values, for results.json and ``--json``."""

from collections.abc import Mapping, Sequence
from typing import Any

from deepmeme.evaluation.compare import Compared
from deepmeme.evaluation.contenders import AFFINE, STILL
from deepmeme.evaluation.evaluate import Evaluation, mean_scores
from deepmeme.evaluation.measures import BY_KEY

_DIGITS = 6


def as_dict(found: Evaluation) -> dict[str, Any]:
    """Everything but the pictures; what was not measured is null."""
    clips, stills = found.compared()
    contenders = [STILL, AFFINE, *found.names]
    return {
        "protocol": {
            "task": "the first frame is the source; every n-th frame counts, without the first",
            "every": found.request.every,
            "most": found.request.most,
            "resolution": found.models[0].resolution,
            "judges": found.judges,
        },
        "models": {
            name: info.as_dict() | {"frames_per_second": _known(found.fps(name))}
            for name, info in zip(found.names, found.models, strict=True)
        },
        "measures": {
            key: {"title": m.title, "unit": m.unit, "better": "less" if m.better < 0 else "more"}
            for key, m in BY_KEY.items()
        },
        "groups": {
            group: {name: _plain(mean_scores(members, name)) for name in contenders}
            for group, members in found.groups().items()
        },
        "bars": [bar._asdict() for bar in found.bars],
        "clips": [
            {
                "name": clip.name,
                "motion": "much" if clip.moves_much else "little",
                "frames": clip.frames,
                "numbers": list(clip.numbers),
                "where": clip.where,
                "own": _plain(clip.own),
                "frames_per_second": _plain(clip.fps),
                "means": {name: _plain(clip.rows[name].means) for name in contenders},
                "series": {
                    name: {key: [_known(v) for v in values] for key, values in row.series.items()}
                    for name, row in clip.rows.items()
                },
            }
            for clip in found.clips
        ],
        "stills": [
            {
                "still": one.still,
                "clip": one.clip,
                "means": {name: _plain(one.rows[name].means) for name in contenders},
            }
            for one in found.crossed
        ],
        "comparison": {"clips": _comparison(clips), "stills": _comparison(stills)},
        "skipped": found.skipped,
    }


def _comparison(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    return [
        {
            "measure": one.measure.key,
            **_plain(one.difference._asdict()),
            "clear": one.difference.is_clear,
            "verdict": one.verdict,
            "each": _plain(one.each),
        }
        for one in compared
    ]


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: _known(value) for key, value in values.items()}


def _known(value: float) -> float | None:
    return None if value != value else round(value, _DIGITS)
