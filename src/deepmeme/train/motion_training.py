"""How a First Order Motion Model is trained: the other sections of a published YAML.

Names are those of the files (``train_params``, ``loss_weights`` ...); what a file leaves out
has its usual value. For the published models' names the numbers stand here, no file is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from reprlib import repr as _short
from typing import Any, NamedTuple

from deepmeme.data.video_augment import VideoAugmentation
from deepmeme.errors import InputError
from deepmeme.models.motion.config import MotionConfig

LEARNING_RATE = 2e-4


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts; 0 leaves it out."""

    generator_gan: float = 1.0
    """0: no discriminator takes part, as in vox-256 and taichi-256."""
    discriminator_gan: float = 1.0
    feature_matching: tuple[float, ...] = (10.0,) * 4
    """A block of the discriminator each; only beside ``generator_gan``."""
    perceptual: tuple[float, ...] = (10.0,) * 5
    equivariance_value: float = 10.0
    equivariance_jacobian: float = 10.0


@dataclass(frozen=True)
class TransformOptions:
    """Spread of the random maps under which keypoints must be equivariant."""

    sigma_affine: float = 0.05
    sigma_tps: float = 0.005
    points_tps: int = 5


@dataclass(frozen=True)
class MotionTraining:
    """All but the networks."""

    root_dir: str = ""
    id_sampling: bool = False
    pairs_list: str | None = None
    augmentation: VideoAugmentation = field(default_factory=VideoAugmentation)
    num_epochs: int = 100
    num_repeats: int = 1
    """Passes over all subjects in an epoch."""
    epoch_milestones: tuple[int, ...] = ()
    lr_generator: float = LEARNING_RATE
    lr_discriminator: float = LEARNING_RATE
    lr_kp_detector: float = LEARNING_RATE
    """As ``lr_generator``, or 0: the detector stays as it was loaded."""
    batch_size: int = 20
    scales: tuple[float, ...] = (1.0, 0.5, 0.25, 0.125)
    checkpoint_freq: int = 50
    """Epochs."""
    clip_norm: float = 1e9
    """Longest gradient; as published, none is too long. Ours: a few rare, huge ones undo hours."""
    transform: TransformOptions = field(default_factory=TransformOptions)
    weights: LossWeights = field(default_factory=LossWeights)

    @classmethod
    def of(cls, config: MotionConfig) -> "MotionTraining":
        """From the sections that ``MotionConfig.from_yaml`` kept, or for a published name.

        Raises:
            InputError: lists every wrong or unknown key at once.
        """
        sections = config.training or PUBLISHED.get(config.name, {})
        errors: list[str] = []
        training = _training(sections, errors)
        if errors:
            raise InputError(
                f"The configuration {config.name!r} does not say how to train:\n  "
                + "\n  ".join(errors)
                + "\nCompare it with a published YAML, or leave the keys out."
            )
        return training


class Plan(NamedTuple):
    """How many steps a configuration means."""

    steps: int
    milestones: tuple[int, ...]
    """Steps at which the learning rates fall to a tenth."""
    steps_per_epoch: int
    save_every: int


def plan(training: MotionTraining, num_subjects: int, batch_size: int | None = None) -> Plan:
    """Steps for a data set: each epoch visits every subject ``num_repeats`` times.

    ``num_subjects`` counts videos, or people with ``id_sampling``. Another batch size than the
    configuration's keeps the number of pairs. As published, an epoch's last, incomplete batch does
    not count.
    """
    size = batch_size or training.batch_size
    each = max(1, num_subjects * training.num_repeats // size)
    milestones = tuple(epoch * each for epoch in training.epoch_milestones)
    return Plan(each * training.num_epochs, milestones, each, each * training.checkpoint_freq)


JITTER = {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.1}
FLIPS: dict[str, Any] = {"flip_param": {"horizontal_flip": True, "time_flip": True}}


def _published(
    data: dict[str, Any],
    epochs: int,
    repeats: int,
    batch_size: int,
    *,
    jitter: dict[str, float] | None = None,
    milestones: Sequence[int] = (60, 90),
    gan: float = 1,
    freq: int = 50,
    **rest: Any,
) -> dict[str, Any]:
    augment = FLIPS | ({"jitter_param": jitter} if jitter else {})
    return {
        "dataset_params": {"augmentation_params": augment | data.pop("augment", {})} | data,
        "train_params": {
            "num_epochs": epochs,
            "num_repeats": repeats,
            "epoch_milestones": list(milestones),
            "batch_size": batch_size,
            "checkpoint_freq": freq,
            "loss_weights": {"generator_gan": gan},
        }
        | rest,
    }


VOX = {"root_dir": "data/vox-png", "id_sampling": True, "pairs_list": "data/vox256.csv"}
TAICHI = {"root_dir": "data/taichi-png", "id_sampling": True, "pairs_list": "data/taichi256.csv"}
RESIZED = {
    "crop_param": {"size": [256, 256]},
    "resize_param": {"ratio": [0.9, 1.1]},
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "vox-256": _published(dict(VOX), 100, 75, 40, jitter=JITTER, gan=0),
    "vox-adv-256": _published(dict(VOX), 150, 75, 36, jitter=JITTER, milestones=()),
    "taichi-256": _published(dict(TAICHI), 100, 150, 30, jitter=JITTER, gan=0),
    "taichi-adv-256": _published(
        dict(TAICHI), 150, 150, 27, jitter=JITTER, milestones=(), lr_kp_detector=0
    ),
    "fashion-256": _published({"root_dir": "data/fashion-png"}, 100, 50, 27, jitter={"hue": 0.1}),
    "mgif-256": _published(
        {"root_dir": "data/moving-gif", "augment": RESIZED},
        100, 25, 36, jitter={"hue": 0.5}, freq=100,
    ),
    "bair-256": _published(
        {"root_dir": "data/bair"}, 20, 1, 36, jitter=JITTER, milestones=(12, 18), freq=10
    ),
    "nemo-256": _published({"root_dir": "data/nemo-png"}, 100, 8, 36),
    "vox-512": _published(dict(VOX), 100, 75, 40, jitter=JITTER, gan=0),
}  # fmt: skip
"""The training sections of the published YAMLs, by the names of their presets."""


class _Section:
    """A mapping whose keys are read one by one; what was not asked for is unknown."""

    def __init__(self, given: Any, where: str, errors: list[str]) -> None:
        self.where, self.errors = where, errors
        if given is not None and not isinstance(given, Mapping):
            errors.append(f"{where}: found {_short(given)}, expected a mapping")
        self.left = dict(given) if isinstance(given, Mapping) else {}

    def wrong(self, key: str, value: Any, expected: str) -> None:
        self.errors.append(f"{self.where}.{key}: found {_short(value)}, expected {expected}")

    def section(self, key: str) -> "_Section":
        return _Section(self.left.pop(key, None), f"{self.where}.{key}", self.errors)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.left.pop(key, default)
        number = _number(value)
        if number is None or not low <= number <= high:
            self.wrong(key, value, f"a number from {low:g} to {high:g}")
            return default
        return number

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.left.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong(key, value, f"a whole number from {low} to {high}")
            return default
        return value

    def numbers(
        self, key: str, default: tuple[float, ...], low: float, high: float, *, most: int = 16
    ) -> tuple[float, ...]:
        value = self.left.pop(key, None)
        if value is None:
            return default
        items = [_number(item) for item in value] if isinstance(value, list | tuple) else [None]
        good = tuple(item for item in items if item is not None and low <= item <= high)
        if len(good) < len(items) or len(items) > most:
            self.wrong(key, value, f"at most {most} numbers from {low:g} to {high:g}")
            return default
        return good

    def flag(self, key: str) -> bool:
        value = self.left.pop(key, False)
        if not isinstance(value, bool):
            self.wrong(key, value, "true or false")
        return value is True

    def text(self, key: str) -> str | None:
        value = self.left.pop(key, None)
        if value is not None and not isinstance(value, str):
            self.wrong(key, value, "text")
        return value if isinstance(value, str) else None

    def done(self, *ignored: str) -> None:
        self.errors += [
            f"{self.where}.{key}: unknown" for key in map(str, self.left) if key not in ignored
        ]


def _number(value: Any) -> float | None:
    try:  # YAML reads 1e-4 as text
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _training(sections: Mapping[str, Any], errors: list[str]) -> MotionTraining:
    dataset = _Section(sections.get("dataset_params"), "dataset_params", errors)
    train = _Section(sections.get("train_params"), "train_params", errors)
    usual = MotionTraining()
    given = MotionTraining(
        root_dir=dataset.text("root_dir") or usual.root_dir,
        id_sampling=dataset.flag("id_sampling"),
        pairs_list=dataset.text("pairs_list"),
        augmentation=_augmentation(dataset.section("augmentation_params")),
        num_epochs=train.whole("num_epochs", usual.num_epochs, 1, 10**6),
        num_repeats=train.whole("num_repeats", usual.num_repeats, 1, 10**6),
        epoch_milestones=tuple(
            int(n) for n in train.numbers("epoch_milestones", usual.epoch_milestones, 0, 10**6)
        ),
        lr_generator=train.number("lr_generator", usual.lr_generator, 1e-12, 1),
        lr_discriminator=train.number("lr_discriminator", usual.lr_discriminator, 0, 1),
        lr_kp_detector=train.number("lr_kp_detector", usual.lr_kp_detector, 0, 1),
        batch_size=train.whole("batch_size", usual.batch_size, 1, 65_536),
        scales=train.numbers("scales", usual.scales, 1 / 64, 1),
        checkpoint_freq=train.whole("checkpoint_freq", usual.checkpoint_freq, 1, 10**6),
        clip_norm=train.number("clip_norm", usual.clip_norm, 1e-6, 1e9),
        transform=_transform(train.section("transform_params"), usual.transform),
        weights=_weights(train.section("loss_weights"), usual.weights),
    )
    if given.lr_kp_detector not in (0, given.lr_generator):
        train.wrong(
            "lr_kp_detector", given.lr_kp_detector, f"lr_generator ({given.lr_generator:g}) or 0"
        )
    dataset.done("frame_shape")
    train.done("dataloader_workers", "num_workers")
    return given


def _transform(section: _Section, usual: TransformOptions) -> TransformOptions:
    options = TransformOptions(
        sigma_affine=section.number("sigma_affine", usual.sigma_affine, 0, 1),
        sigma_tps=section.number("sigma_tps", usual.sigma_tps, 0, 1),
        points_tps=section.whole("points_tps", usual.points_tps, 1, 64),
    )
    section.done()
    return options


def _weights(section: _Section, usual: LossWeights) -> LossWeights:
    most = 1e6
    weights = LossWeights(
        generator_gan=section.number("generator_gan", usual.generator_gan, 0, most),
        discriminator_gan=section.number("discriminator_gan", usual.discriminator_gan, 0, most),
        feature_matching=section.numbers("feature_matching", usual.feature_matching, 0, most),
        perceptual=section.numbers("perceptual", usual.perceptual, 0, most),
        equivariance_value=section.number("equivariance_value", usual.equivariance_value, 0, most),
        equivariance_jacobian=section.number(
            "equivariance_jacobian", usual.equivariance_jacobian, 0, most
        ),
    )
    section.done()
    return weights


def _augmentation(section: _Section) -> VideoAugmentation:
    flip, jitter = section.section("flip_param"), section.section("jitter_param")
    resize, crop = section.section("resize_param"), section.section("crop_param")
    rotation = section.section("rotation_param")
    ratio = resize.numbers("ratio", (), 0.05, 20, most=2)
    size = crop.numbers("size", (), 1, 16_384, most=2)
    how = resize.text("interpolation") or "nearest"
    if how not in ("nearest", "bilinear"):
        resize.wrong("interpolation", how, "nearest or bilinear")
    found = VideoAugmentation(
        horizontal_flip=flip.flag("horizontal_flip"),
        time_flip=flip.flag("time_flip"),
        rotation_degrees=rotation.number("degrees", 0, 0, 180),
        resize=(ratio[0], ratio[1]) if len(ratio) == 2 else None,
        interpolation="bilinear" if how == "bilinear" else "nearest",
        crop=(int(size[0]), int(size[1])) if len(size) == 2 else None,
        brightness=jitter.number("brightness", 0, 0, 10),
        contrast=jitter.number("contrast", 0, 0, 10),
        saturation=jitter.number("saturation", 0, 0, 10),
        hue=jitter.number("hue", 0, 0, 0.5),
    )
    for part in (flip, jitter, resize, crop, rotation, section):
        part.done()
    return found
