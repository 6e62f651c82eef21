"""No to a face whose owner nobody asked: in a job, there is nobody to ask any more."""

from typing import NoReturn

from deepmeme.jobs.job import ConsentNeeded
from deepmeme.pipelines.consent import ANSWER


def refuse(called: str) -> NoReturn:
    """``called`` is what the picture is for whoever sent it: "The picture", "Picture 2".

    Raises:
        ConsentNeeded: always.
    """
    raise ConsentNeeded(f"{called} may show a real person. {ANSWER} Say so, or take another.")
