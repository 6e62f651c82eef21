"""What a visible label says; words only, so that a command line loads at once."""

TEXT = "Made with AI"
SHORT_TEXT = "AI"
"""Where there is no room for more."""
