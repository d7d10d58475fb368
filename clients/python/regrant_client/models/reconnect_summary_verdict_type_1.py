from typing import Literal

ReconnectSummaryVerdictType1 = Literal["all_done", "nothing_changed", "some_need_someone"]

RECONNECT_SUMMARY_VERDICT_TYPE_1_VALUES: set[ReconnectSummaryVerdictType1] = {
    "all_done",
    "nothing_changed",
    "some_need_someone",
}


def check_reconnect_summary_verdict_type_1(value: str) -> ReconnectSummaryVerdictType1:
    if value in RECONNECT_SUMMARY_VERDICT_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_SUMMARY_VERDICT_TYPE_1_VALUES!r}")
