from typing import Literal

NewWebhookEndpointAssetEvents = Literal["bulk", "single"]

NEW_WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES: set[NewWebhookEndpointAssetEvents] = {
    "bulk",
    "single",
}


def check_new_webhook_endpoint_asset_events(value: str) -> NewWebhookEndpointAssetEvents:
    if value in NEW_WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NEW_WEBHOOK_ENDPOINT_ASSET_EVENTS_VALUES!r}")
