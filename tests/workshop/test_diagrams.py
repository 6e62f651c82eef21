"""The diagrams of the docs are what the code draws, and stand on their own."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from deepmeme.errors import InputError
from deepmeme.workshop.diagrams import DIAGRAMS, svg

KEPT = Path(__file__).parents[2] / "docs" / "images" / "diagrams"


@pytest.mark.parametrize("name", DIAGRAMS)
def test_the_docs_have_it_as_drawn(name):
    redraw = "python -m deepmeme.workshop.diagrams -o docs/images/diagrams"
    assert (KEPT / f"{name}.svg").read_text(encoding="utf-8") == svg(name), redraw


def test_the_docs_have_no_others():
    assert {path.stem for path in KEPT.iterdir()} == set(DIAGRAMS)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_it_lies_within_its_sheet_and_needs_nothing_else(name):
    root = ElementTree.fromstring(svg(name))
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for part in root.iter():
        assert "href" not in "".join(part.attrib)
        for point in part.attrib.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width and 0 <= y <= height
        if part.tag.endswith("text"):
            x, y = float(part.attrib["x"]), float(part.attrib["y"])
            half = len(part.text or "") * float(part.attrib["font-size"]) * 0.27
            assert half <= x <= width - half and 0 < y < height, part.text
    assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_an_unknown_one_is_told():
    with pytest.raises(InputError, match="motion"):
        svg("gna")
