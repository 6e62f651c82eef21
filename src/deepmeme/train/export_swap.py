"""A trained pair -> three ONNX files, which run without torch and convert videos."""

from pathlib import Path

from torch import Tensor, nn

from deepmeme.models.swap.pair import SharedDecoder, TwoDecoders
from deepmeme.runtime.swap import STAGES
from deepmeme.train.onnx_file import smooth_picture, write_network

TOLERANCE = 0.02
"""Largest difference of a pixel in [0, 1] once weights are stored as float16."""


class _Encode(nn.Module):
    def __init__(self, pair: TwoDecoders | SharedDecoder) -> None:
        super().__init__()
        self.pair = pair

    def forward(self, faces: Tensor) -> Tensor:
        return self.pair.encode(faces)


class _Decode(nn.Module):
    """What a video of the other person needs."""

    def __init__(self, pair: TwoDecoders | SharedDecoder, side: int) -> None:
        super().__init__()
        self.pair, self.side = pair, side

    def forward(self, code: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(self.pair.swap(code, self.side))  # type: ignore[return-value]


def write_stages(pair: nn.Module, folder: Path) -> tuple[dict[str, dict[str, str]], int]:
    """Write and check them; what ``model.json`` says of the stages, and the number of parameters.

    Raises:
        WeightsError: an exported network disagrees with torch.
    """
    assert isinstance(pair, TwoDecoders | SharedDecoder)
    pair = pair.eval().float().cpu()
    networks = (_Encode(pair), _Decode(pair, 0), _Decode(pair, 1))
    given = {"faces": smooth_picture(pair.config.resolution, cells=8)}
    stages: dict[str, dict[str, str]] = {}
    for stage, network in zip(STAGES, networks, strict=True):
        names = ["code"] if stage == "encode" else ["picture", "mask"]
        stages[stage], made = write_network(
            network, given, names, folder / f"{stage}.onnx", exact=TOLERANCE, lossy=TOLERANCE
        )
        if stage == "encode":
            given = made
    return stages, sum(parameter.numel() for parameter in pair.parameters())
