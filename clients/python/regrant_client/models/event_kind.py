from typing import Literal

EventKind = Literal[
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

EVENT_KIND_VALUES: set[EventKind] = {
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


def check_event_kind(value: str) -> EventKind:
    if value in EVENT_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_KIND_VALUES!r}")
