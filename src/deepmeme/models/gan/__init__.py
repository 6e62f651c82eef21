"""A generator of faces that learns to fool a critic."""
