from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.new_plan_links_locale import NewPlanLinksLocale, check_new_plan_links_locale
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewPlanLinks")


@_attrs_define
class NewPlanLinks:
    """Links to make for a plan."""

    ends_at: datetime.datetime | None | Unset = UNSET
    """ When the links end, at most seven days from now; by default in seven days. """
    locale: NewPlanLinksLocale | Unset = UNSET
    return_url: None | str | Unset = UNSET
    """ Page to which the persons are led back at the end; its origin must be among those that are listed for the
    tenant. """
    within_days: int | Unset = 30
    """ Assets that end within so many days are at risk. """

    def to_dict(self) -> dict[str, Any]:
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

        return_url: None | str | Unset
        if isinstance(self.return_url, Unset):
            return_url = UNSET
        else:
            return_url = self.return_url

        within_days = self.within_days

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if ends_at is not UNSET:
            field_dict["ends_at"] = ends_at
        if locale is not UNSET:
            field_dict["locale"] = locale
        if return_url is not UNSET:
            field_dict["return_url"] = return_url
        if within_days is not UNSET:
            field_dict["within_days"] = within_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

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
        locale: NewPlanLinksLocale | Unset
        if isinstance(_locale, Unset):
            locale = UNSET
        else:
            locale = check_new_plan_links_locale(_locale)

        def _parse_return_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        return_url = _parse_return_url(d.pop("return_url", UNSET))

        within_days = d.pop("within_days", UNSET)

        new_plan_links = cls(
            ends_at=ends_at,
            locale=locale,
            return_url=return_url,
            within_days=within_days,
        )

        return new_plan_links
