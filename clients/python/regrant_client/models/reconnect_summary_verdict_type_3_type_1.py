from typing import Literal

ReconnectSummaryVerdictType3Type1 = Literal["all_done", "nothing_changed", "some_need_someone"]

RECONNECT_SUMMARY_VERDICT_TYPE_3_TYPE_1_VALUES: set[ReconnectSummaryVerdictType3Type1] = {
    "all_done",
    "nothing_changed",
    "some_need_someone",
}


def check_reconnect_summary_verdict_type_3_type_1(value: str) -> ReconnectSummaryVerdictType3Type1:
    if value in RECONNECT_SUMMARY_VERDICT_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_SUMMARY_VERDICT_TYPE_3_TYPE_1_VALUES!r}")
