"""Finds faces, cuts them out as the models like them, and puts them back."""

from deepmeme.faces.choose import choose
from deepmeme.faces.crop import FRAMING, Crop, crop_centre, crop_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.follow import crop_clip, follow_face
from deepmeme.faces.paste import PasteBack, paste_back
from deepmeme.faces.refine import Finder, find_faces

__all__ = [
    "FRAMING",
    "Box",
    "Crop",
    "Face",
    "Finder",
    "PasteBack",
    "choose",
    "crop_centre",
    "crop_clip",
    "crop_face",
    "detect_faces",
    "find_faces",
    "follow_face",
    "paste_back",
]
