"""Pictures and driving videos for ``deepmeme demo``, made by this project but for the toons.

``python -m deepmeme.data.demo_scene -o DIR`` makes ours again. ``toon_*`` are Microsoft's Fluent
Emoji (MIT, ``LICENSE-fluent-emoji.txt``); ``python -m deepmeme.data.demo_toons`` prepares them.
"""
