from typing import Literal

NewWebhookEndpointKindsItem = Literal[
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

NEW_WEBHOOK_ENDPOINT_KINDS_ITEM_VALUES: set[NewWebhookEndpointKindsItem] = {
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


def check_new_webhook_endpoint_kinds_item(value: str) -> NewWebhookEndpointKindsItem:
    if value in NEW_WEBHOOK_ENDPOINT_KINDS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NEW_WEBHOOK_ENDPOINT_KINDS_ITEM_VALUES!r}")
