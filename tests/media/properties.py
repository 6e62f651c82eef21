"""How property tests run here: the same examples each time, as many as the time allows."""

import os

from hypothesis import HealthCheck, settings


def examples(count: int) -> settings:
    """``DEEPMEME_EXAMPLES=50`` tries 50 times as many, at random."""
    times = int(os.environ.get("DEEPMEME_EXAMPLES", "1"))
    return settings(
        max_examples=count * times,
        deadline=None,
        derandomize=times == 1,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
