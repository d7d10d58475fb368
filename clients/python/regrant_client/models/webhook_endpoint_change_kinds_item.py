from typing import Literal

WebhookEndpointChangeKindsItem = Literal[
    "*",
    "asset.disconnected",
    "asset.expiring",
    "asset.migrating",
    "asset.recovered",
    "asset.suspect",
    "assets.changed",
    "credential.dropped",
    "credential.failed_over",
    "credential.promoted",
    "forecast.changed",
    "grant.refresh_failed",
    "grant.refreshed",
    "person.revoked",
    "reconnect.completed",
    "webhook.test",
]

WEBHOOK_ENDPOINT_CHANGE_KINDS_ITEM_VALUES: set[WebhookEndpointChangeKindsItem] = {
    "*",
    "asset.disconnected",
    "asset.expiring",
    "asset.migrating",
    "asset.recovered",
    "asset.suspect",
    "assets.changed",
    "credential.dropped",
    "credential.failed_over",
    "credential.promoted",
    "forecast.changed",
    "grant.refresh_failed",
    "grant.refreshed",
    "person.revoked",
    "reconnect.completed",
    "webhook.test",
}


def check_webhook_endpoint_change_kinds_item(value: str) -> WebhookEndpointChangeKindsItem:
    if value in WEBHOOK_ENDPOINT_CHANGE_KINDS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_ENDPOINT_CHANGE_KINDS_ITEM_VALUES!r}")
