"""How long and fast each preset of a swap learns, by default."""

from dataclasses import replace

from deepmeme.train.options import FitOptions

_GPU = FitOptions(
    steps=100_000, batch_size=16, learning_rate=5e-5, beta1=0.9, schedule="constant",
    patience=20_000, average_decay=0.998, log_every=100,
)  # fmt: skip
SWAP_COURSES: dict[str, FitOptions] = {
    "quick": FitOptions(
        steps=3000, batch_size=16, learning_rate=4e-4, beta1=0.9, average_decay=0.995,
        precision="bf16-mixed", patience=0, preview_every=250, save_minutes=5, warmup=50,
    ),
    "classic": replace(_GPU, beta1=0.5),
    "df": _GPU,
    "df-ud": _GPU,
    "liae": _GPU,
    "liae-ud": _GPU,
}  # fmt: skip
"""How long and fast each preset learns, by default."""
