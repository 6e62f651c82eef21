"""Sliders, quizzes, the screen of a training, and the place: in a notebook that really runs."""

import nbformat
import pytest
from nbclient import NotebookClient

from deepmeme import workshop
from deepmeme.errors import InputError
from deepmeme.workshop.controls import sliders
from deepmeme.workshop.place import begin

CELLS = (
    "from deepmeme import workshop\nplace = workshop.begin('results')",
    "import numpy as np\n"
    "draw = lambda grey, tint: [(f'{grey:g}', np.full((8, 8, 3), int(grey), np.uint8))]\n"
    "workshop.sliders(draw, grey=(0, 200, 100), tint=['red', 'blue'])",
    "workshop.quiz([workshop.Question('Which?', ('this', 'that'), 1, 'Because.')])",
    "with workshop.live() as screen:\n"
    "    for k in range(30):\n"
    "        screen.show(np.full((4, 4, 3), k, np.uint8), titles=[f'step {k}'])",
    "workshop.diagram('gan')",
    "workshop.curves([1, 2], {'result': [1, 2]})",
    "place.drive()\nprint(place.path('a.mp4'))",
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell.outputs for cell in book.cells]


def _page(cell):
    return "".join(output.data.get("text/html", "") for output in cell)


def test_it_says_where_it_runs(outputs):
    assert "this machine" in outputs[0][0].text and "results" in outputs[0][0].text


def test_sliders_live_and_as_a_strip(outputs):
    [told] = outputs[1]
    assert "application/vnd.jupyter.widget-view+json" in told.data
    page = told.data["text/html"]
    assert page.count("<img") == 4
    assert [words in page for words in ("grey: 0", "grey: 200", "tint: blue")] == [True] * 3


def test_a_quiz_folds_its_answers(outputs):
    page = _page(outputs[2])
    question, answer = page.split("<details>")
    assert "Because." in answer and "Because." not in question
    assert "<b>that</b>" in answer


def test_a_live_screen_ends_with_the_last(outputs):
    assert "step 29" in _page(outputs[3])


def test_diagrams_and_charts_come(outputs):
    assert "<svg" in _page(outputs[4])
    assert any("image/png" in output.data for output in outputs[5])


def test_drive_steps_aside_elsewhere(outputs):
    assert "Not on Colab" in outputs[6][0].text and "a.mp4" in outputs[6][0].text


def test_equal_seeds_give_equal_numbers(tmp_path, monkeypatch):
    import numpy as np

    drawn = []
    for _ in range(2):
        begin(tmp_path / "results", seed=5)
        drawn.append(np.random.rand(3).tolist())  # noqa: NPY002
    assert drawn[0] == drawn[1]


def test_wrong_controls_and_questions_are_told():
    with pytest.raises(InputError, match="start between"):
        sliders(lambda turn: None, turn=(0, 1, 2))
    with pytest.raises(InputError, match="at least one"):
        sliders(lambda: None)
    with pytest.raises(InputError, match="choices"):
        workshop.quiz([workshop.Question("Which?", ("this",), 3, "")])
