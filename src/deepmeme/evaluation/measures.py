"""What is measured, and how each measure is explained to whoever reads a report."""

from typing import NamedTuple


class Measure(NamedTuple):
    """One column of the tables."""

    key: str
    title: str
    unit: str
    better: int
    """-1 where less is better, 1 where more is."""
    digits: int
    says: str
    formula: str
    source: str

    def text(self, value: float | None) -> str:
        """The value as the tables show it; a dash where it was not measured."""
        if value is None or value != value:
            return "-"
        return f"{value:.{self.digits}f}"


MEASURES = (
    Measure(
        "l1", "L1", "0 to 1", -1, 4,
        "How far every pixel is from the true frame, on average. Blind to what matters: a face "
        "that shifts by a pixel costs more than a mouth that doesn't open.",
        "mean |result - truth| / 255", "FOMM, Siarohin et al. 2019",
    ),
    Measure(
        "psnr", "PSNR", "dB", 1, 2,
        "The same on a logarithmic scale with large errors weighing more; frames count at most 60.",
        "10 log10(255² / mean (result - truth)²)", "usual",
    ),
    Measure(
        "ssim", "SSIM", "0 to 1", 1, 3,
        "Whether small neighbourhoods have the same brightness, contrast and pattern.",
        "7x7 windows of the greys", "Wang et al. 2004",
    ),
    Measure(
        "ms_ssim", "MS-SSIM", "0 to 1", 1, 3,
        "The same over five sizes of the picture, nearer to what people see.",
        "11x11 Gaussian windows, five scales", "Wang, Simoncelli, Bovik 2003",
    ),
    Measure(
        "gmsd", "structure", "GMSD", -1, 4,
        "Whether edges are where they should be and as sharp: finds blur, ghosts and double "
        "contours. It stands where papers have LPIPS, needs no network and knows no faces.",
        "deviation over the picture of the similarity of gradient magnitudes", "Xue et al. 2014",
    ),
    Measure(
        "akd", "AKD", "px at 256", -1, 2,
        "How far the face's landmarks are from the true frame's: pose, mouth and eyes follow the "
        "driver. The measure to look at first.",
        "mean distance of landmarks found in both, per frame", "FOMM",
    ),
    Measure(
        "mouth", "mouth", "eye distances", -1, 3,
        "Whether the mouth is as open as the true one, whatever the head does.",
        "|gap of the inner lips / distance of the eyes - the truth's|", "ours",
    ),
    Measure(
        "lids", "lids", "eye widths", -1, 3,
        "Whether the eyes are as open as the true ones.",
        "|gap of the lids / width of the eye - the truth's|", "ours",
    ),
    Measure(
        "gaze", "gaze", "eye widths", -1, 3,
        "Whether the irises are where they should be between the corners of the eyes; eyes that "
        "are truly closed don't count.",
        "|place of the iris in the eye - the truth's|", "ours",
    ),
    Measure(
        "missing", "missing", "share", -1, 3,
        "Frames whose result shows no face to the landmark finder although the true one does.",
        "lost / found in the truth", "FOMM (MKR)",
    ),
    Measure(
        "aed", "AED", "distance", -1, 3,
        "Whether it still is the same person, by a network that tells people apart.",
        "mean distance of face embeddings", "FOMM",
    ),
    Measure(
        "flicker", "flicker", "grey levels", -1, 2,
        "How much more neighbouring frames differ, motion taken out, than the driving video's. "
        "Below 0 is steadier than the camera (no sensor noise).",
        "warp error of the result less the driving video's, by its optical flow",
        "after Lai et al. 2018",
    ),
    Measure(
        "background", "background", "grey levels", -1, 2,
        "How much what isn't head or shoulders changes from one frame to the next.",
        "mean |next - this| above the shoulders and beside the head", "ours",
    ),
    Measure(
        "drift", "drift", "grey levels", -1, 2,
        "How far that background is from the source picture's.",
        "mean |this - source| at the same place", "ours",
    ),
    Measure(
        "motion", "motion gap", "share", -1, 3,
        "How far the face's motion differs from the driver's, both measured in their own face "
        "sizes: 0 copies it, 1 is as bad as not moving.",
        "mean |motion - driver's| / mean |driver's|", "ours",
    ),
)  # fmt: skip

BY_KEY = {measure.key: measure for measure in MEASURES}
RECONSTRUCTION = (
    "l1", "psnr", "ssim", "ms_ssim", "gmsd", "akd", "mouth", "lids", "gaze", "missing", "aed",
    "flicker", "background", "drift",
)  # fmt: skip
CROSS = ("motion", "missing", "aed", "flicker", "background", "drift")
