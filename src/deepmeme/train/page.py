"""A run as a page that opens in any browser, without a server: curves, time left, samples."""

import html
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 360, 150
MOST_POINTS = 300
RECENT = 10
"""Lines over which the speed is taken."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #6b7385; --card: #fff; --back: #f3f4f7;
  --line: #5b5bd6; --grid: #e4e6ec; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #9aa2b5; --card: #1c1f27;
  --back: #12141a; --line: #9a9bff; --grid: #2c303b; } }
body { margin: 0 auto; max-width: 1200px; padding: 24px; background: var(--back);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } p { margin: 0 0 16px; color: var(--soft); }
.bar { height: 8px; border-radius: 4px; background: var(--grid); overflow: hidden; }
.bar div { height: 100%; background: var(--line); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 16px;
  margin: 16px 0; }
figure { margin: 0; padding: 12px; border-radius: 10px; background: var(--card); }
figcaption { display: flex; justify-content: space-between; font-weight: 600; }
figcaption span { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 11px; }
img { max-width: 100%; border-radius: 6px; } input { width: 100%; }
"""

SCRIPT = """
const pictures = JSON.parse(document.getElementById('pictures').textContent);
const slider = document.getElementById('time'), shown = document.getElementById('shown');
const said = document.getElementById('said');
function show() {
  const [step, file] = pictures[slider.value];
  shown.src = file;
  said.textContent = 'step ' + step;
}
if (slider) { slider.addEventListener('input', show); show(); }
"""


def write_page(
    out: Path, lines: Sequence[dict[str, Any]], steps: int, pictures: Sequence[Path]
) -> Path:
    """Write ``index.html`` beside the run's log; it loads itself anew twice a minute."""
    step = lines[-1]["step"] if lines else 0
    done = 100 * step / steps
    told = [(line["step"], line["losses"] | line.get("notes", {})) for line in lines]
    names = dict.fromkeys(name for _, values in told for name in values)
    curves = "".join(
        _curve(name, [(at, values[name]) for at, values in told if name in values])
        for name in names
    )
    shown = [[int(path.stem), path.relative_to(out).as_posix()] for path in pictures]
    refresh = "" if step >= steps else '<meta http-equiv="refresh" content="30">'
    samples = f"""<figure><figcaption>Samples through time <span id="said"></span></figcaption>
<input id="time" type="range" min="0" max="{len(shown) - 1}" value="{len(shown) - 1}"
 aria-label="step of the samples"><img id="shown" alt="contact sheet of held-out examples"></figure>
<script type="application/json" id="pictures">{json.dumps(shown)}</script>
<script>{SCRIPT}</script>"""
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">{refresh}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(out.name)}: {done:.0f} %</title><style>{STYLE}</style></head><body>
<h1>Training {html.escape(out.name)}</h1><p>{_state_of(lines, step, steps)}</p>
<div class="bar" role="progressbar" aria-valuenow="{done:.0f}"><div style="width:{done:.1f}%">
</div></div><div class="grid">{curves}</div>{samples if shown else ""}</body></html>"""
    path, draft = out / "index.html", out / ".index.html.part"
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)
    return path


def _state_of(lines: Sequence[dict[str, Any]], step: int, steps: int) -> str:
    if not lines:
        return f"step 0 of {steps}"
    rate = statistics.median(line["examples_per_s"] for line in lines[-RECENT:])
    if step >= steps:
        return f"finished: {steps} steps, {rate:.1f} examples a second"
    spans = zip(lines[-RECENT - 1 :], lines[-RECENT:], strict=False)
    per_step = [b["seconds"] / (b["step"] - a["step"]) for a, b in spans if b["step"] > a["step"]]
    left = f", {_duration((steps - step) * statistics.median(per_step))} left" if per_step else ""
    return f"step {step} of {steps}, {rate:.1f} examples a second{left}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _curve(name: str, points: Sequence[tuple[int, float]]) -> str:
    """One loss as an SVG: all of it, thinned, from its lowest to its highest (97 % of them)."""
    points = points[:: max(1, len(points) // MOST_POINTS)]
    values = sorted(value for _, value in points)
    low, high = values[0], values[min(len(values) - 1, int(0.97 * len(values)))]
    first, last = points[0][0], max(points[-1][0], points[0][0] + 1)
    tall = max(high - low, 1e-9)

    def place(point: tuple[int, float]) -> str:
        x = 4 + (WIDTH - 8) * (point[0] - first) / (last - first)
        y = HEIGHT - 18 - (HEIGHT - 30) * min(1.05, (point[1] - low) / tall)
        return f"{x:.1f},{y:.1f}"

    line = " ".join(place(point) for point in points)
    calm = " ".join(place(point) for point in _calmed(points))
    return f"""<figure><figcaption>{html.escape(name)}<span>{points[-1][1]:.4f}</span></figcaption>
<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(name)} over the steps">
<line x1="4" x2="{WIDTH - 4}" y1="{HEIGHT - 18}" y2="{HEIGHT - 18}" stroke="var(--grid)"/>
<polyline points="{line}" fill="none" stroke="var(--soft)" stroke-opacity="0.35"/>
<path d="M {calm}" fill="none" stroke="var(--line)" stroke-width="2"/>
<text x="4" y="{HEIGHT - 4}">{first}</text>
<text x="{WIDTH - 4}" y="{HEIGHT - 4}" text-anchor="end">{last}</text>
<text x="4" y="11">{high:.4f}</text><text x="4" y="{HEIGHT - 24}">{low:.4f}</text></svg></figure>"""


def _calmed(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The mean of each point and those before it, a twentieth of all of them."""
    width = max(1, len(points) // 20)
    windows = (points[max(0, end - width) : end] for end in range(1, len(points) + 1))
    return [(window[-1][0], statistics.fmean(v for _, v in window)) for window in windows]
