"""Pictures and a driving video for ``deepmeme demo``, all made by this project.

``python -m deepmeme.data.demo_scene -o DIR`` makes them again.
"""
