from typing import Literal

ObjectConditionCode = Literal[
    "account_closed", "account_disabled", "account_in_review", "account_unsettled", "page_unpublished"
]

OBJECT_CONDITION_CODE_VALUES: set[ObjectConditionCode] = {
    "account_closed",
    "account_disabled",
    "account_in_review",
    "account_unsettled",
    "page_unpublished",
}


def check_object_condition_code(value: str) -> ObjectConditionCode:
    if value in OBJECT_CONDITION_CODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {OBJECT_CONDITION_CODE_VALUES!r}")
