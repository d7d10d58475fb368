from typing import Literal

TokenReachWorksConditionType2Type1 = Literal[
    "account_closed", "account_disabled", "account_in_review", "account_unsettled", "page_unpublished"
]

TOKEN_REACH_WORKS_CONDITION_TYPE_2_TYPE_1_VALUES: set[TokenReachWorksConditionType2Type1] = {
    "account_closed",
    "account_disabled",
    "account_in_review",
    "account_unsettled",
    "page_unpublished",
}


def check_token_reach_works_condition_type_2_type_1(value: str) -> TokenReachWorksConditionType2Type1:
    if value in TOKEN_REACH_WORKS_CONDITION_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_REACH_WORKS_CONDITION_TYPE_2_TYPE_1_VALUES!r}")
