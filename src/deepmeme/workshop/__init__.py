"""What the notebooks of the workshop show things with; see the folder ``notebooks``.

>>> from deepmeme import workshop
>>> place = workshop.begin()
>>> workshop.show(workshop.asset("painting.png"), roles=["source"])

Needs the extra ``workshop``. Nothing here does what the lessons are about: that is in their view.
"""

from deepmeme.demo_assets import asset
from deepmeme.workshop.charts import curves
from deepmeme.workshop.colours import COLOURS
from deepmeme.workshop.controls import sliders
from deepmeme.workshop.diagrams import diagram
from deepmeme.workshop.place import Place, begin
from deepmeme.workshop.quiz import Question, quiz
from deepmeme.workshop.screen import Screen, live, show

__all__ = [
    "COLOURS", "Place", "Question", "Screen", "asset", "begin", "curves", "diagram", "live",
    "quiz", "show", "sliders",
]  # fmt: skip
