"""`make bench`: what is measured, each as a ratio to something measured in the same run."""

from benchmarks.feeds import measure_feeds
from benchmarks.notes import measure_notes
from benchmarks.outside_calendars import measure_outside_calendars
from benchmarks.slots import measure_slots

if __name__ == "__main__":
    measure_slots()
    measure_notes()
    measure_feeds()
    measure_outside_calendars()
