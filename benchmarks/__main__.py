"""`make bench`: what is measured, each as a ratio to something measured in the same run."""

from benchmarks.notes import measure_notes
from benchmarks.slots import measure_slots

if __name__ == "__main__":
    measure_slots()
    measure_notes()
