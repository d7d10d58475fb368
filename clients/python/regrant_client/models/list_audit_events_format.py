from typing import Literal

ListAuditEventsFormat = Literal["csv", "jsonl"]

LIST_AUDIT_EVENTS_FORMAT_VALUES: set[ListAuditEventsFormat] = {
    "csv",
    "jsonl",
}


def check_list_audit_events_format(value: str) -> ListAuditEventsFormat:
    if value in LIST_AUDIT_EVENTS_FORMAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_AUDIT_EVENTS_FORMAT_VALUES!r}")
