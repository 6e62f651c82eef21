"""What the shipped portrait model has to reach on reconstruction, and whether it does."""

from collections.abc import Sequence
from typing import NamedTuple

from deepmeme.evaluation.contenders import STILL
from deepmeme.evaluation.reconstruct import MUCH_AKD_PX, ClipResult
from deepmeme.evaluation.scoring import mean_known

MUCH_L1, MUCH_AKD = 0.045, 2.5
LITTLE_L1_OVER_STILL = 0.01
LITTLE_AKD_FROM = 2.0


class Bar(NamedTuple):
    """One demand."""

    says: str
    found: str
    met: bool | None
    """None where nothing could be measured."""


def bars_of(clips: Sequence[ClipResult], model: str) -> tuple[Bar, ...]:
    """The demands on clips with much motion (means) and with little (every clip)."""
    much = [clip for clip in clips if clip.moves_much]
    little = [clip for clip in clips if not clip.moves_much]
    group = f"Much motion (still's AKD {MUCH_AKD_PX:g} or more, {len(much)} clips)"
    found: list[Bar] = []
    if much:
        names = ", ".join(clip.name for clip in much)
        found.append(_mean_bar(f"{group}: mean L1", much, model, "l1", MUCH_L1, 4, names))
        found.append(_mean_bar(f"{group}: mean AKD", much, model, "akd", MUCH_AKD, 2, names))
    if little:
        found += _little(little, model)
    return tuple(found)


def _mean_bar(
    says: str, clips: Sequence[ClipResult], model: str, key: str, most: float, digits: int,
    names: str,
) -> Bar:  # fmt: skip
    value = mean_known([clip.rows[model].means.get(key, float("nan")) for clip in clips])
    still = mean_known([clip.rows[STILL].means.get(key, float("nan")) for clip in clips])
    met = None if value != value else value <= most
    text = f"{value:.{digits}f} (still: {still:.{digits}f}; {names})"
    return Bar(f"{says} at most {most:g}", text if met is not None else "not measured", met)


def _little(clips: Sequence[ClipResult], model: str) -> list[Bar]:
    gaps = {
        clip.name: clip.rows[model].means["l1"] - clip.rows[STILL].means["l1"] for clip in clips
    }
    far = [name for name, gap in gaps.items() if gap > LITTLE_L1_OVER_STILL]
    worst = max(gaps, key=lambda name: gaps[name])
    says = (
        f"Little motion ({len(clips)} clips): L1 at most still's + {LITTLE_L1_OVER_STILL:g} on each"
    )
    text = f"worst {gaps[worst]:+.4f} ({worst})" + (f"; above: {', '.join(far)}" if far else "")
    found = [Bar(says, text, not far)]
    akd = {
        clip.name: (clip.rows[model].means.get("akd", float("nan")), still)
        for clip in clips
        if (still := clip.rows[STILL].means.get("akd", float("nan"))) >= LITTLE_AKD_FROM
    }
    if akd:
        behind = [name for name, (ours, still) in akd.items() if not ours < still]
        group = f"Little motion, still's AKD {LITTLE_AKD_FROM:g} or more ({len(akd)} clips)"
        says = f"{group}: AKD below still's"
        each = ", ".join(f"{name} {ours:.2f} < {still:.2f}" for name, (ours, still) in akd.items())
        found.append(Bar(says, f"not on {', '.join(behind)}" if behind else each, not behind))
    return found
