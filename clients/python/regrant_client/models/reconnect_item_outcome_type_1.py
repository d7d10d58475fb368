from typing import Literal

ReconnectItemOutcomeType1 = Literal[
    "deferred",
    "failed",
    "missing_permission",
    "no_access",
    "nothing_to_undo",
    "parked",
    "previous_dead",
    "replaced",
    "restored",
    "superseded",
    "unchanged",
    "unknown_asset",
    "user_action_required",
]

RECONNECT_ITEM_OUTCOME_TYPE_1_VALUES: set[ReconnectItemOutcomeType1] = {
    "deferred",
    "failed",
    "missing_permission",
    "no_access",
    "nothing_to_undo",
    "parked",
    "previous_dead",
    "replaced",
    "restored",
    "superseded",
    "unchanged",
    "unknown_asset",
    "user_action_required",
}


def check_reconnect_item_outcome_type_1(value: str) -> ReconnectItemOutcomeType1:
    if value in RECONNECT_ITEM_OUTCOME_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_ITEM_OUTCOME_TYPE_1_VALUES!r}")
