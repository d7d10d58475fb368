from typing import Literal

PreviewItemCoverage = Literal["unchanged", "uncovered", "unknown", "will_replace", "would_narrow", "would_park"]

PREVIEW_ITEM_COVERAGE_VALUES: set[PreviewItemCoverage] = {
    "unchanged",
    "uncovered",
    "unknown",
    "will_replace",
    "would_narrow",
    "would_park",
}


def check_preview_item_coverage(value: str) -> PreviewItemCoverage:
    if value in PREVIEW_ITEM_COVERAGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREVIEW_ITEM_COVERAGE_VALUES!r}")
