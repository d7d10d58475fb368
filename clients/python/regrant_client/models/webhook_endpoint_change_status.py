from typing import Literal

WebhookEndpointChangeStatus = Literal["disabled", "enabled"]

WEBHOOK_ENDPOINT_CHANGE_STATUS_VALUES: set[WebhookEndpointChangeStatus] = {
    "disabled",
    "enabled",
}


def check_webhook_endpoint_change_status(value: str) -> WebhookEndpointChangeStatus:
    if value in WEBHOOK_ENDPOINT_CHANGE_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_ENDPOINT_CHANGE_STATUS_VALUES!r}")
