from typing import Literal

WebhookEndpointChangeAssetEvents = Literal["bulk", "single"]

WEBHOOK_ENDPOINT_CHANGE_ASSET_EVENTS_VALUES: set[WebhookEndpointChangeAssetEvents] = {
    "bulk",
    "single",
}


def check_webhook_endpoint_change_asset_events(value: str) -> WebhookEndpointChangeAssetEvents:
    if value in WEBHOOK_ENDPOINT_CHANGE_ASSET_EVENTS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_ENDPOINT_CHANGE_ASSET_EVENTS_VALUES!r}")
