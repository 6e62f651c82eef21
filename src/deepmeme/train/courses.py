"""What the portrait model's lessons take, by default."""

from typing import Literal

from deepmeme.train.options import FitOptions

Lesson = Literal["keypoints", "motion", "closeups"]
LESSONS: tuple[Lesson, ...] = ("keypoints", "motion", "closeups")

COURSES: dict[Lesson, FitOptions] = {
    "keypoints": FitOptions(
        steps=6400, batch_size=16, learning_rate=1e-3, beta1=0.9, beta2=0.98, weight_decay=0.01,
        clip_norm=2.0, precision="bf16-mixed",
    ),
    "motion": FitOptions(
        steps=6000, batch_size=8, learning_rate=7e-4, beta1=0.9, beta2=0.98, weight_decay=0.01,
        clip_norm=2.0, precision="bf16-mixed",
    ),
    "closeups": FitOptions(
        steps=6000, batch_size=8, learning_rate=7e-4, beta1=0.6, beta2=0.98, weight_decay=0.01,
        clip_norm=2.0, precision="bf16-mixed",
    ),
}  # fmt: skip
"""What each lesson takes, by default."""
