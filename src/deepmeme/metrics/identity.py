"""Whether a face still is the same person's, by vectors of a network that knows faces."""

import numpy as np
from numpy.typing import NDArray


def embedding_distance(found: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    """AED's summand: Euclidean distance of two embeddings (d,), as the network gives them."""
    return float(np.linalg.norm(np.asarray(found, np.float64) - np.asarray(wanted, np.float64)))
