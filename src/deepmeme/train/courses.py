"""What the lessons of the portrait model and the face networks take, by default."""

from dataclasses import replace
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

FaceNetwork = Literal["finder", "landmarks"]

_FACES = FitOptions(
    batch_size=16, beta1=0.9, weight_decay=1e-4, average_decay=0.998, precision="bf16-mixed",
    save_minutes=5, log_every=100,
)  # fmt: skip
FACE_COURSES: dict[FaceNetwork, FitOptions] = {
    "finder": replace(_FACES, steps=4600, learning_rate=2.5e-3),
    "landmarks": replace(_FACES, steps=3000, learning_rate=2e-3),
}
"""What each face network takes, by default."""

PeopleNetwork = Literal["mask", "identity"]

PEOPLE_COURSES: dict[PeopleNetwork, FitOptions] = {
    "mask": replace(_FACES, steps=2400, batch_size=24, learning_rate=2.5e-3),
    "identity": replace(_FACES, steps=2400, batch_size=72, learning_rate=2e-3, weight_decay=5e-4),
}
"""What the networks of masks and identities take, by default."""

VAE_COURSE = FitOptions(
    steps=8000, batch_size=32, learning_rate=1e-3, beta1=0.9, weight_decay=1e-4, warmup=200,
    average_decay=0.998, precision="bf16-mixed", save_minutes=5, log_every=50,
)  # fmt: skip
GAN_COURSE = FitOptions(
    steps=20_000, batch_size=16, learning_rate=5e-4, beta1=0.0, beta2=0.99, schedule="constant",
    warmup=100, average_decay=0.995, precision="bf16-mixed", save_minutes=5, log_every=50,
)  # fmt: skip
TRAIT_COURSE = FitOptions(
    steps=2500, batch_size=32, learning_rate=2e-3, beta1=0.9, weight_decay=1e-3,
    average_decay=0.998, precision="bf16-mixed", log_every=100,
)  # fmt: skip
"""What a VAE and a GAN of faces take, by default, and a reader of their traits."""

WATERMARK_COURSE = FitOptions(
    steps=1500, batch_size=12, learning_rate=4e-3, beta1=0.9, weight_decay=1e-4,
    average_decay=0.998, precision="bf16-mixed", log_every=100,
)  # fmt: skip
"""What the watermark's reader takes, by default."""
