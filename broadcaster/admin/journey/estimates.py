"""How many people a draft goes to, for its pages: counted at once where that is quick, else once the page is there."""

from broadcaster.audience import rules_counts, segments
from broadcaster.audience.segments import Estimate
from broadcaster.models import Broadcast

QUICK_S, LONGEST_S = 0.05, 3.0
TOO_LONG = "It takes too long to count them now. They are counted when the broadcast is prepared."


def quick(broadcast: Broadcast) -> Estimate | None:
    """Count the audience, unless that would keep the page waiting: then the page asks once it is there."""
    try:
        with rules_counts.within(QUICK_S):
            return segments.estimate(broadcast)
    except rules_counts.TookTooLong:
        return None


def patient(broadcast: Broadcast) -> Estimate:
    """Count it for somebody who waits for nothing else, but not for ever."""
    try:
        with rules_counts.within(LONGEST_S):
            return segments.estimate(broadcast)
    except rules_counts.TookTooLong:
        return Estimate(0, 0, problem=TOO_LONG)
