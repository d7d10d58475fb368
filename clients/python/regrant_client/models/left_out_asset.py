from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.left_out_asset_cause import LeftOutAssetCause, check_left_out_asset_cause

T = TypeVar("T", bound="LeftOutAsset")


@_attrs_define
class LeftOutAsset:
    """An asset that the log-in before reached and this one leaves out."""

    asset_id: str
    cause: LeftOutAssetCause
    is_named: bool
    """ Whether the request names the asset. """
    is_used: bool
    """ Whether the asset is in use: its token was read within 30 days, as far as the newest 20,000 audit events
    say. """
    kind: AssetKind
    last_read_at: datetime.datetime | None
    """ When its token was read last; null if it is not in use. """
    lost_scopes: list[str]
    """ Permissions that the asset would lose. """
    name: None | str
    """ Display name. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        cause: str = self.cause

        is_named = self.is_named

        is_used = self.is_used

        kind: str = self.kind

        last_read_at: None | str
        if isinstance(self.last_read_at, datetime.datetime):
            last_read_at = self.last_read_at.isoformat()
        else:
            last_read_at = self.last_read_at

        lost_scopes = self.lost_scopes

        name: None | str
        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "cause": cause,
                "is_named": is_named,
                "is_used": is_used,
                "kind": kind,
                "last_read_at": last_read_at,
                "lost_scopes": lost_scopes,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        cause = check_left_out_asset_cause(d.pop("cause"))

        is_named = d.pop("is_named")

        is_used = d.pop("is_used")

        kind = check_asset_kind(d.pop("kind"))

        def _parse_last_read_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_read_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_read_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_read_at = _parse_last_read_at(d.pop("last_read_at"))

        lost_scopes = cast(list[str], d.pop("lost_scopes"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        left_out_asset = cls(
            asset_id=asset_id,
            cause=cause,
            is_named=is_named,
            is_used=is_used,
            kind=kind,
            last_read_at=last_read_at,
            lost_scopes=lost_scopes,
            name=name,
        )

        left_out_asset.additional_properties = d
        return left_out_asset

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
