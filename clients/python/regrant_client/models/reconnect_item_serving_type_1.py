from typing import Literal

ReconnectItemServingType1 = Literal["new", "none", "old"]

RECONNECT_ITEM_SERVING_TYPE_1_VALUES: set[ReconnectItemServingType1] = {
    "new",
    "none",
    "old",
}


def check_reconnect_item_serving_type_1(value: str) -> ReconnectItemServingType1:
    if value in RECONNECT_ITEM_SERVING_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_ITEM_SERVING_TYPE_1_VALUES!r}")
