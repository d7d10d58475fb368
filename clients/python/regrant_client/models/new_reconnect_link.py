from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.new_reconnect_link_locale import NewReconnectLinkLocale, check_new_reconnect_link_locale
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_selection import AssetSelection


T = TypeVar("T", bound="NewReconnectLink")


@_attrs_define
class NewReconnectLink:
    """A link to make. Give exactly one of `asset_ids` and `select`."""

    asset_ids: list[str] | None | Unset = UNSET
    """ Assets, at most 10,000; all must belong to the tenant and lie within the caller's reach. """
    ends_at: datetime.datetime | None | Unset = UNSET
    """ When the link ends, at most seven days from now; by default in seven days. """
    locale: NewReconnectLinkLocale | Unset = UNSET
    person_id: None | str | Unset = UNSET
    require_person: bool | None | Unset = UNSET
    """ Refuse consents of other persons; by default true if `person_id` is given. """
    return_url: None | str | Unset = UNSET
    """ Page to which the person is led back at the end; its origin must be among those that are listed for the
    tenant. """
    select: AssetSelection | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.asset_selection import AssetSelection  # noqa: PLC0415

        asset_ids: list[str] | None | Unset
        if isinstance(self.asset_ids, Unset):
            asset_ids = UNSET
        elif isinstance(self.asset_ids, list):
            asset_ids = self.asset_ids

        else:
            asset_ids = self.asset_ids

        ends_at: None | str | Unset
        if isinstance(self.ends_at, Unset):
            ends_at = UNSET
        elif isinstance(self.ends_at, datetime.datetime):
            ends_at = self.ends_at.isoformat()
        else:
            ends_at = self.ends_at

        locale: str | Unset = UNSET
        if not isinstance(self.locale, Unset):
            locale = self.locale

        person_id: None | str | Unset
        if isinstance(self.person_id, Unset):
            person_id = UNSET
        else:
            person_id = self.person_id

        require_person: bool | None | Unset
        if isinstance(self.require_person, Unset):
            require_person = UNSET
        else:
            require_person = self.require_person

        return_url: None | str | Unset
        if isinstance(self.return_url, Unset):
            return_url = UNSET
        else:
            return_url = self.return_url

        select: dict[str, Any] | None | Unset
        if isinstance(self.select, Unset):
            select = UNSET
        elif isinstance(self.select, AssetSelection):
            select = self.select.to_dict()
        else:
            select = self.select

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if asset_ids is not UNSET:
            field_dict["asset_ids"] = asset_ids
        if ends_at is not UNSET:
            field_dict["ends_at"] = ends_at
        if locale is not UNSET:
            field_dict["locale"] = locale
        if person_id is not UNSET:
            field_dict["person_id"] = person_id
        if require_person is not UNSET:
            field_dict["require_person"] = require_person
        if return_url is not UNSET:
            field_dict["return_url"] = return_url
        if select is not UNSET:
            field_dict["select"] = select

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_selection import AssetSelection  # noqa: PLC0415

        d = dict(src_dict)

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

        def _parse_ends_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ends_at_type_0 = datetime.datetime.fromisoformat(data)

                return ends_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        ends_at = _parse_ends_at(d.pop("ends_at", UNSET))

        _locale = d.pop("locale", UNSET)
        locale: NewReconnectLinkLocale | Unset
        if isinstance(_locale, Unset):
            locale = UNSET
        else:
            locale = check_new_reconnect_link_locale(_locale)

        def _parse_person_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person_id = _parse_person_id(d.pop("person_id", UNSET))

        def _parse_require_person(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        require_person = _parse_require_person(d.pop("require_person", UNSET))

        def _parse_return_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        return_url = _parse_return_url(d.pop("return_url", UNSET))

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

        new_reconnect_link = cls(
            asset_ids=asset_ids,
            ends_at=ends_at,
            locale=locale,
            person_id=person_id,
            require_person=require_person,
            return_url=return_url,
            select=select,
        )

        return new_reconnect_link
