from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party

T = TypeVar("T", bound="GrantRefreshFailed")


@_attrs_define
class GrantRefreshFailed:
    """`data` of `grant.refresh_failed`."""

    detail: str
    """ Why the refresh failed, in one sentence. """
    ends_at: datetime.datetime | None
    """ When its token expires; null if that is not known. """
    grant_id: str
    """ Id of the grant. """
    next_step: str
    """ The next step of that party, in one sentence. """
    person_id: str
    who: ActingParty
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        detail = self.detail

        ends_at: None | str
        if isinstance(self.ends_at, datetime.datetime):
            ends_at = self.ends_at.isoformat()
        else:
            ends_at = self.ends_at

        grant_id = self.grant_id

        next_step = self.next_step

        person_id = self.person_id

        who: str = self.who

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "detail": detail,
                "ends_at": ends_at,
                "grant_id": grant_id,
                "next_step": next_step,
                "person_id": person_id,
                "who": who,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        detail = d.pop("detail")

        def _parse_ends_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ends_at_type_0 = datetime.datetime.fromisoformat(data)

                return ends_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ends_at = _parse_ends_at(d.pop("ends_at"))

        grant_id = d.pop("grant_id")

        next_step = d.pop("next_step")

        person_id = d.pop("person_id")

        who = check_acting_party(d.pop("who"))

        grant_refresh_failed = cls(
            detail=detail,
            ends_at=ends_at,
            grant_id=grant_id,
            next_step=next_step,
            person_id=person_id,
            who=who,
        )

        grant_refresh_failed.additional_properties = d
        return grant_refresh_failed

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
