"""The quiz of notebook 6. It stands here because a cell above the quiz would tell the answers."""

from collections.abc import Mapping

from deepmeme.errors import InputError
from deepmeme.workshop.quiz import Question
from deepmeme.workshop.screen import Thing

PICTURES = ("turned", "turned made", "smiling", "smiling made", "captain made", "gan", "vae")
"""The guest as she was rendered and as the model moves her, and others that models made."""


def seeing_through(pictures: Mapping[str, Thing]) -> list[Question]:
    """Nine questions on looking, on marks and on asking.

    Args:
        pictures: by the names in :data:`PICTURES`.

    Raises:
        InputError: one is missing.
    """
    missing = [name for name in PICTURES if name not in pictures]
    if missing:
        raise InputError(f"The quiz has no picture {', '.join(missing)}.")
    return [*_on_looking(pictures), *_on_marks(), *_on_asking()]


def _on_looking(pictures: Mapping[str, Thing]) -> list[Question]:
    return [
        Question(
            "One was drawn by a renderer, the other one by our network. Which is the network's?",
            ("A", "B"),
            0,
            "Her hair frays, an earring shrank, and the head bends where it should turn. At a "
            "large turn one picture has no more to give.",
            (pictures["turned made"], pictures["turned"]),
        ),
        Question(
            "And here, where she hardly turns?",
            ("A", "B"),
            1,
            "The smile is narrower, its teeth are a grey bar, hair and brows are soft. The zigzag "
            "earring proves nothing: it is in both, a mistake of the renderer. Flaws happen "
            "without any AI.",
            (pictures["smiling"], pictures["smiling made"]),
        ),
        Question(
            "What gives the captain away?",
            ("The stripes of his shirt", "His ear, and the circle behind him", "His freckles"),
            1,
            "An ear stayed behind when the head left, and the circle on the wall bulges. The "
            "shirt is fine, and he has no freckles.",
            (pictures["captain made"],),
        ),
        Question(
            "One person, dreamt up by two models. Which one did the VAE paint?",
            ("A", "B"),
            1,
            "The soft one. A VAE paints the mean of all faces that it takes for possible. The GAN "
            "is sharper, and its strands of hair are invented with confidence. Sharp is not true.",
            (pictures["gan"], pictures["vae"]),
        ),
    ]


def _on_marks() -> list[Question]:
    return [
        Question(
            "You get a video without any mark. What do you know?",
            ("It is real", "It is a fake, and somebody removed the marks", "Nothing yet"),
            2,
            "Most cameras and programs leave no mark, and marks get lost. Ask who published it "
            "first, and who else has it.",
        ),
        Question(
            "A video of a statue that announces higher taxes carries whole credentials, signed by "
            "your newspaper. What is certain?",
            ("Taxes go up", "The statue spoke", "The newspaper signed this very file"),
            2,
            "Credentials say who stands up for a file, not that its content is so. If you trust "
            "the paper, that is worth a lot. The trust is yours, not the file's.",
        ),
        Question(
            "The credentials name one work, the watermark names another. What happened?",
            (
                "Somebody put a label on a picture that it does not belong to",
                "The file went through a chat program",
                "Both are right",
            ),
            0,
            "A chat program loses the label; it does not swap it. Two works in one file take "
            "intent, or a very odd accident.",
        ),
    ]


def _on_asking() -> list[Question]:
    return [
        Question(
            "A website says of a picture: 97 % likely to be made by AI. What do you ask first?",
            (
                "Whether 97 is enough",
                "How often it accuses honest pictures, and of what kind",
                "Whether there is an app",
            ),
            1,
            "The line in this notebook accused every honest picture that had been sent around. "
            "Without its rate of false alarms, a percentage is a mood.",
        ),
        Question(
            "You want to animate a colleague's passport photograph, as a surprise for her "
            "birthday. Fine?",
            ("Yes, it is a joke", "Yes, if it is marked", "Ask her first, or take the captain"),
            2,
            "A mark tells others that it was made. It does not ask her. The captain does not mind.",
        ),
    ]
