"""Every notebook runs from top to bottom, offline, with the solutions of its exercises."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [
    "01_your_first_animated_meme",
    "02_inside_the_motion_model",
    "03_autoencoders_and_the_face_swap",
    "04_vae",
    "05_gan",
    "06_seeing_through_it",
    "07_train_your_own_motion_model",
]
COLAB = "https://colab.research.google.com/github/deepmeme/deepmeme/blob/main/notebooks/"
CLEAN = "python -m nbconvert --clear-output --inplace notebooks/*.ipynb"

_FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def _read(path):
    return nbformat.read(path, as_version=4)


def _solutions(text):
    """Code of folded parts, which has to run where it stands."""
    return [code for folded in _FOLDED.findall(text) for code in _CODE.findall(folded)]


def _with_solutions(book):
    cells = []
    for cell in book.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cells += [nbformat.v4.new_code_cell(code) for code in _solutions(cell.source)]
    book.cells = cells
    return book


def test_all_seven_are_there():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # another test wants the other core
    book = _with_solutions(_read(path))
    client = NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # raises where a cell fails, and shows it
    told = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert not [output.text for output in told if output.get("name") == "stderr"]
    shown = [output for output in told if "text/html" in output.get("data", {})]
    assert len(shown) >= 5, "pictures over prose"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(path):
    book = _read(path)
    nbformat.validate(book)
    for cell in book.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, CLEAN


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_begins_with_its_badge_and_set_up_and_has_exercises(path):
    book = _read(path)
    first, second = book.cells[:2]
    assert first.source.startswith(f"# {int(path.stem[:2])}. ")
    assert f"{COLAB}{path.name})" in first.source
    assert second.source.startswith("# Set-up")
    assert second.source == _read(NOTEBOOKS[0]).cells[1].source, "one way to set up"
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert text.count("### Exercise") >= 2
    assert len(_solutions(text)) >= text.count("### Exercise")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_is_one_idea(path):
    """Long ones are plumbing, which belongs elsewhere."""
    for cell in _read(path).cells:
        most = 45 if cell.cell_type == "code" else 60
        assert cell.source.count("\n") < most, cell.source[:80]
