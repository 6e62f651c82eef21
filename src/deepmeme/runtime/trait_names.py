"""What can be changed in dreamt-up faces; words only, so that a command line loads at once."""

TRAITS = {
    "yaw": "head turned to the picture's right",
    "pitch": "head raised",
    "smile": "corners of the mouth drawn up",
    "mouth_open": "jaw dropped",
    "eyes_open": "lids apart",
    "brows": "raised, not frowning",
    "gaze": "looking to the picture's right",
    "age": "older",
    "womanly": "features of a woman",
    "skin": "lighter skin",
    "hair": "lighter hair",
    "hair_length": "longer hair",
    "beard": "stubble",
    "glasses": "wearing glasses",
    "makeup": "painted lips and lids",
    "nose": "wider nose",
    "lips": "fuller lips",
    "eyes": "larger eyes",
    "face": "wider face",
}
"""What more of each means; a model knows those of them that its codes tell."""
