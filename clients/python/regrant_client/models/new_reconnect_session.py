from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewReconnectSession")


@_attrs_define
class NewReconnectSession:
    """A session to open."""

    asset_ids: list[str]
    """ Assets of the session, at most 10,000; all must belong to the tenant and lie within the caller's reach. """
    minutes: int | Unset = 15
    """ Lifetime of the session in minutes. """
    person_id: None | str | Unset = UNSET
    require_person: bool | None | Unset = UNSET
    """ Refuse tokens of other persons; by default true if `person_id` is given. """
    uses: int | Unset = 5
    """ Number of reconnects that the session may start. """

    def to_dict(self) -> dict[str, Any]:
        asset_ids = self.asset_ids

        minutes = self.minutes

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

        uses = self.uses

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "asset_ids": asset_ids,
            }
        )
        if minutes is not UNSET:
            field_dict["minutes"] = minutes
        if person_id is not UNSET:
            field_dict["person_id"] = person_id
        if require_person is not UNSET:
            field_dict["require_person"] = require_person
        if uses is not UNSET:
            field_dict["uses"] = uses

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_ids = cast(list[str], d.pop("asset_ids"))

        minutes = d.pop("minutes", UNSET)

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

        uses = d.pop("uses", UNSET)

        new_reconnect_session = cls(
            asset_ids=asset_ids,
            minutes=minutes,
            person_id=person_id,
            require_person=require_person,
            uses=uses,
        )

        return new_reconnect_session
