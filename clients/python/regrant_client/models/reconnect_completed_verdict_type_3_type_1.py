from typing import Literal

ReconnectCompletedVerdictType3Type1 = Literal["all_done", "nothing_changed", "some_need_someone"]

RECONNECT_COMPLETED_VERDICT_TYPE_3_TYPE_1_VALUES: set[ReconnectCompletedVerdictType3Type1] = {
    "all_done",
    "nothing_changed",
    "some_need_someone",
}


def check_reconnect_completed_verdict_type_3_type_1(value: str) -> ReconnectCompletedVerdictType3Type1:
    if value in RECONNECT_COMPLETED_VERDICT_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_COMPLETED_VERDICT_TYPE_3_TYPE_1_VALUES!r}")
