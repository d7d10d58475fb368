from typing import Literal

WebhookEndpointAssetEvents = Literal["bulk", "single"]

WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES: set[WebhookEndpointAssetEvents] = {
    "bulk",
    "single",
}


def check_webhook_endpoint_asset_events(value: str) -> WebhookEndpointAssetEvents:
    if value in WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES!r}")
