"""The queue of one machine, and the processes that work on it."""
