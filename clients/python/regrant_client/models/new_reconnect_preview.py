from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_selection import AssetSelection


T = TypeVar("T", bound="NewReconnectPreview")


@_attrs_define
class NewReconnectPreview:
    """One new token and the assets to preview. Give exactly one of `asset_ids` and `select`."""

    access_token: None | str | Unset = UNSET
    """ New token of a person or a system user. Give exactly one of `access_token` and `consent_id`. """
    asset_ids: list[str] | None | Unset = UNSET
    """ Graph ids of the assets, at most 10,000. """
    consent_id: None | str | Unset = UNSET
    """ Consent of the caller. A reconnect that is accepted uses it up; a preview does not. """
    expect_person: None | str | Unset = UNSET
    find_new_assets: bool | Unset = UNSET
    """ Also search assets that the token reaches and the caller does not have; at most 200 more calls of the Graph
    API. """
    select: AssetSelection | None | Unset = UNSET
    wait_seconds: int | Unset = 10
    """ How long the call waits for the end, in seconds. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.asset_selection import AssetSelection  # noqa: PLC0415

        access_token: None | str | Unset
        if isinstance(self.access_token, Unset):
            access_token = UNSET
        else:
            access_token = self.access_token

        asset_ids: list[str] | None | Unset
        if isinstance(self.asset_ids, Unset):
            asset_ids = UNSET
        elif isinstance(self.asset_ids, list):
            asset_ids = self.asset_ids

        else:
            asset_ids = self.asset_ids

        consent_id: None | str | Unset
        if isinstance(self.consent_id, Unset):
            consent_id = UNSET
        else:
            consent_id = self.consent_id

        expect_person: None | str | Unset
        if isinstance(self.expect_person, Unset):
            expect_person = UNSET
        else:
            expect_person = self.expect_person

        find_new_assets = self.find_new_assets

        select: dict[str, Any] | None | Unset
        if isinstance(self.select, Unset):
            select = UNSET
        elif isinstance(self.select, AssetSelection):
            select = self.select.to_dict()
        else:
            select = self.select

        wait_seconds = self.wait_seconds

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if access_token is not UNSET:
            field_dict["access_token"] = access_token
        if asset_ids is not UNSET:
            field_dict["asset_ids"] = asset_ids
        if consent_id is not UNSET:
            field_dict["consent_id"] = consent_id
        if expect_person is not UNSET:
            field_dict["expect_person"] = expect_person
        if find_new_assets is not UNSET:
            field_dict["find_new_assets"] = find_new_assets
        if select is not UNSET:
            field_dict["select"] = select
        if wait_seconds is not UNSET:
            field_dict["wait_seconds"] = wait_seconds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_selection import AssetSelection  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_access_token(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        access_token = _parse_access_token(d.pop("access_token", UNSET))

        def _parse_asset_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                asset_ids_type_0 = cast(list[str], data)

                return asset_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        asset_ids = _parse_asset_ids(d.pop("asset_ids", UNSET))

        def _parse_consent_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        consent_id = _parse_consent_id(d.pop("consent_id", UNSET))

        def _parse_expect_person(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        expect_person = _parse_expect_person(d.pop("expect_person", UNSET))

        find_new_assets = d.pop("find_new_assets", UNSET)

        def _parse_select(data: object) -> AssetSelection | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                select_type_0 = AssetSelection.from_dict(data)

                return select_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetSelection | None | Unset, data)

        select = _parse_select(d.pop("select", UNSET))

        wait_seconds = d.pop("wait_seconds", UNSET)

        new_reconnect_preview = cls(
            access_token=access_token,
            asset_ids=asset_ids,
            consent_id=consent_id,
            expect_person=expect_person,
            find_new_assets=find_new_assets,
            select=select,
            wait_seconds=wait_seconds,
        )

        return new_reconnect_preview
