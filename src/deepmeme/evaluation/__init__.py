"""How good a motion model is: the papers' protocol, baselines, comparison and report."""
