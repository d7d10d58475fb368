from typing import Literal

EventType = Literal[
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

EVENT_TYPE_VALUES: set[EventType] = {
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


def check_event_type(value: str) -> EventType:
    if value in EVENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_TYPE_VALUES!r}")
