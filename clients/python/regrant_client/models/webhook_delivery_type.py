from typing import Literal

WebhookDeliveryType = Literal[
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

WEBHOOK_DELIVERY_TYPE_VALUES: set[WebhookDeliveryType] = {
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


def check_webhook_delivery_type(value: str) -> WebhookDeliveryType:
    if value in WEBHOOK_DELIVERY_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_DELIVERY_TYPE_VALUES!r}")
