from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.new_webhook_endpoint_asset_events import (
    NewWebhookEndpointAssetEvents,
    check_new_webhook_endpoint_asset_events,
)
from ..models.new_webhook_endpoint_kinds_item import NewWebhookEndpointKindsItem, check_new_webhook_endpoint_kinds_item
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewWebhookEndpoint")


@_attrs_define
class NewWebhookEndpoint:
    """A webhook endpoint to create."""

    url: str
    """ Address of the endpoint: https, port 443 or 8443, a public host name. """
    asset_events: NewWebhookEndpointAssetEvents | Unset = UNSET
    kinds: list[NewWebhookEndpointKindsItem] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        asset_events: str | Unset = UNSET
        if not isinstance(self.asset_events, Unset):
            asset_events = self.asset_events

        kinds: list[str] | Unset = UNSET
        if not isinstance(self.kinds, Unset):
            kinds = []
            for kinds_item_data in self.kinds:
                kinds_item: str = kinds_item_data
                kinds.append(kinds_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "url": url,
            }
        )
        if asset_events is not UNSET:
            field_dict["asset_events"] = asset_events
        if kinds is not UNSET:
            field_dict["kinds"] = kinds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        _asset_events = d.pop("asset_events", UNSET)
        asset_events: NewWebhookEndpointAssetEvents | Unset
        if isinstance(_asset_events, Unset):
            asset_events = UNSET
        else:
            asset_events = check_new_webhook_endpoint_asset_events(_asset_events)

        _kinds = d.pop("kinds", UNSET)
        kinds: list[NewWebhookEndpointKindsItem] | Unset = UNSET
        if _kinds is not UNSET:
            kinds = []
            for kinds_item_data in _kinds:
                kinds_item = check_new_webhook_endpoint_kinds_item(kinds_item_data)

                kinds.append(kinds_item)

        new_webhook_endpoint = cls(
            url=url,
            asset_events=asset_events,
            kinds=kinds,
        )

        return new_webhook_endpoint
