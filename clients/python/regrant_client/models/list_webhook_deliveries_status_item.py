from typing import Literal

ListWebhookDeliveriesStatusItem = Literal["delivered", "failed", "pending"]

LIST_WEBHOOK_DELIVERIES_STATUS_ITEM_VALUES: set[ListWebhookDeliveriesStatusItem] = {
    "delivered",
    "failed",
    "pending",
}


def check_list_webhook_deliveries_status_item(value: str) -> ListWebhookDeliveriesStatusItem:
    if value in LIST_WEBHOOK_DELIVERIES_STATUS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_WEBHOOK_DELIVERIES_STATUS_ITEM_VALUES!r}")
