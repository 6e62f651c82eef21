"""How long and fast each preset of a swap learns, by default."""

from dataclasses import replace

from deepmeme.train.options import FitOptions

_GPU = FitOptions(
    steps=100_000, batch_size=16, learning_rate=5e-5, beta1=0.9, schedule="constant",
    patience=20_000, average_decay=0.998, log_every=100,
)  # fmt: skip
BASIS_COURSE = FitOptions(
    steps=2500, batch_size=32, learning_rate=6e-4, beta1=0.9, weight_decay=1e-4, warmup=200,
    average_decay=0.998, precision="bf16-mixed", save_minutes=5, log_every=50,
)  # fmt: skip
"""What the shared beginning of quick swaps takes, by default."""
SWAP_COURSES: dict[str, FitOptions] = {
    "quick": FitOptions(
        steps=2500, batch_size=16, learning_rate=4e-4, beta1=0.9, average_decay=0.995,
        precision="bf16-mixed", preview_every=250, save_minutes=5, warmup=50,
    ),
    "classic": replace(_GPU, beta1=0.5),
    "df": _GPU,
    "df-ud": _GPU,
    "liae": _GPU,
    "liae-ud": _GPU,
}  # fmt: skip
"""How long and fast each preset learns, by default."""
