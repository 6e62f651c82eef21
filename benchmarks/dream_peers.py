"""What users would pick instead: the tutorials' DCGAN and VAE, on the same faces for the same time.

    python benchmarks/dream_peers.py dcgan vae ours --data FACES --minutes 24 -o OUT
    python benchmarks/dream.py score ... --samples OUT/*.npy

DCGAN as PyTorch's tutorial builds it (Radford et al. 2016): 64 pixels, 100 numbers, batches of 128,
Adam 2e-4 with beta1 0.5, binary cross entropy. The VAE of PyTorch's examples (Kingma and Welling
2014): dense, 400 hidden, 20 numbers, Adam 1e-3, sums of cross entropy and KL; only its input is
larger, 64 x 64 x 3. Ours is `deepmeme train vae --size 64` for half of the time and `deepmeme train
gan --from` it for the other half, nothing else changed. One after the other, each on one thread;
minutes are those of the processor, so that other work on the machine takes nothing from anybody.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time, sleep

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepmeme.data.picture_set import open_pictures
from deepmeme.pipelines.dream import load_dream

SIDE, BATCH, SAMPLES = 64, 128, 1500
NOISE, WIDTH = 100, 64
HIDDEN, CODE = 400, 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is named, and keep samples of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("which", nargs="+", choices=("dcgan", "vae", "ours"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=24, help="of one core, for each")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if "ours" in options.which:
        ours(options.data, options.minutes * 60, options.out)
    faces = torch.from_numpy(open_pictures(options.data, SIDE)).permute(0, 3, 1, 2)
    for name in [name for name in options.which if name != "ours"]:
        torch.manual_seed(999)
        work = {"dcgan": dcgan, "vae": vae}[name]
        print(name, end=": ", flush=True)
        made = work(faces, options.minutes * 60)
        pixels = (made.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)
        np.save(options.out / f"{name}.npy", pixels.numpy())


def ours(data: Path, seconds: float, out: Path) -> None:
    """Train, export and sample with the commands that users type."""
    _trained("vae", seconds / 2, "--data", str(data), "-o", str(out / "ours-vae"))
    first = ("--from", str(out / "ours-vae"))
    _trained("gan", seconds / 2, "--data", str(data), "-o", str(out / "ours-gan"), *first)
    for name in ("vae", "gan"):
        exported = out / f"ours-{name}-model"
        _run("train", "export", str(out / f"ours-{name}"), "-o", str(exported))
        model = load_dream(str(exported)).model
        np.save(out / f"ours_{name}.npy", model.paint(model.codes(SAMPLES, 23)))


def _trained(family: str, seconds: float, *words: str) -> None:
    """Until so many seconds of the processor are used, then stopped as by Ctrl-C."""
    command = [sys.executable, "-m", "deepmeme", "train", family, "--size", str(SIDE), *words]
    quiet = [*command, "--preview-every", "0", "--steps", "1000000", "--schedule", "constant"]
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with subprocess.Popen(quiet, env=alone) as training:
        while training.poll() is None and _used(training.pid) < seconds:
            sleep(1)
        training.send_signal(signal.SIGINT)


def _used(process: int) -> float:
    """Seconds of processors that a process has used, from Linux's /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "deepmeme", *words], check=True)


def batches(faces: Tensor, seconds: float) -> Iterator[Tensor]:
    """(128, 3, 64, 64) in [0, 1], epoch after epoch, until the time is over."""
    started, steps = process_time(), 0
    while True:
        for rows in torch.randperm(len(faces)).split(BATCH):
            if process_time() - started > seconds:
                print(f"{steps} steps, {steps * BATCH / len(faces):.1f} epochs")
                return
            steps += 1
            yield faces[rows].float() / 255


def dcgan(faces: Tensor, seconds: float) -> Tensor:
    """Samples (n, 3, 64, 64) in [0, 1]."""
    w = WIDTH
    up: list[nn.Module] = [nn.ConvTranspose2d(NOISE, 8 * w, 4, 1, 0, bias=False)]
    for wide, thin in ((8 * w, 4 * w), (4 * w, 2 * w), (2 * w, w)):
        up += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, thin, 4, 2, 1, bias=False)]
    up += [nn.BatchNorm2d(w), nn.ReLU(), nn.ConvTranspose2d(w, 3, 4, 2, 1, bias=False), nn.Tanh()]
    down: list[nn.Module] = [nn.Conv2d(3, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for thin, wide in ((w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w)):
        conv = nn.Conv2d(thin, wide, 4, 2, 1, bias=False)
        down += [conv, nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
    down += [nn.Conv2d(8 * w, 1, 4, 1, 0, bias=False), nn.Flatten(0)]
    painter, judge = nn.Sequential(*up), nn.Sequential(*down)
    for layer in (*painter, *judge):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
    for_judge = torch.optim.Adam(judge.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for_painter = torch.optim.Adam(painter.parameters(), lr=2e-4, betas=(0.5, 0.999))
    fooled = functional.binary_cross_entropy_with_logits
    for real in batches(faces, seconds):
        made = painter(torch.randn(len(real), NOISE, 1, 1))
        on_real, on_made = judge(real * 2 - 1), judge(made.detach())
        loss = fooled(on_real, torch.ones_like(on_real)) + fooled(on_made, on_made * 0)
        for_judge.zero_grad()
        loss.backward()
        for_judge.step()
        again = judge(made)
        for_painter.zero_grad()
        fooled(again, torch.ones_like(again)).backward()
        for_painter.step()
    with torch.no_grad():  # in training mode, as the tutorial shows its results
        parts = [painter(torch.randn(BATCH, NOISE, 1, 1)) for _ in range(-(-SAMPLES // BATCH))]
    return torch.cat(parts)[:SAMPLES] / 2 + 0.5


def vae(faces: Tensor, seconds: float) -> Tensor:
    """Samples (n, 3, 64, 64) in [0, 1]."""
    size = 3 * SIDE**2
    first, mean, log_var = nn.Linear(size, HIDDEN), nn.Linear(HIDDEN, CODE), nn.Linear(HIDDEN, CODE)
    back, last = nn.Linear(CODE, HIDDEN), nn.Linear(HIDDEN, size)
    parts = nn.ModuleList([first, mean, log_var, back, last])
    optimizer = torch.optim.Adam(parts.parameters(), lr=1e-3)
    for real in batches(faces, seconds):
        flat = real.flatten(1)
        hidden = functional.relu(first(flat))
        mu, spread = mean(hidden), log_var(hidden)
        code = mu + torch.exp(0.5 * spread) * torch.randn_like(mu)
        made = torch.sigmoid(last(functional.relu(back(code))))
        missed = functional.binary_cross_entropy(made, flat, reduction="sum")
        cost = -0.5 * (1 + spread - mu.square() - spread.exp()).sum()
        optimizer.zero_grad()
        (missed + cost).backward()
        optimizer.step()
    with torch.no_grad():
        made = torch.sigmoid(last(functional.relu(back(torch.randn(SAMPLES, CODE)))))
    return made.view(-1, 3, SIDE, SIDE)


if __name__ == "__main__":
    main()
