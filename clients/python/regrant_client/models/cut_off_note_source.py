from typing import Literal

CutOffNoteSource = Literal["probe", "sibling", "webhook"]

CUT_OFF_NOTE_SOURCE_VALUES: set[CutOffNoteSource] = {
    "probe",
    "sibling",
    "webhook",
}


def check_cut_off_note_source(value: str) -> CutOffNoteSource:
    if value in CUT_OFF_NOTE_SOURCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CUT_OFF_NOTE_SOURCE_VALUES!r}")
