from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.listed_person_kind import ListedPersonKind, check_listed_person_kind

if TYPE_CHECKING:
    from ..models.ending import Ending


T = TypeVar("T", bound="ListedPerson")


@_attrs_define
class ListedPerson:
    """A person who granted a token, and the assets that depend on the person."""

    data_access_expires_at: datetime.datetime | None
    """ When its data access expires; null if it does not. """
    id: str
    is_work_account: bool | None
    """ Whether it is a managed account; null if the Graph API did not say. """
    kind: ListedPersonKind
    name: None | str
    """ Name; null if the Graph API gave none. """
    next_ending: Ending | None
    parked_for: int
    """ Number of assets for which it is parked. """
    serves: int
    """ Number of assets that the person's token serves. """
    stands_by_for: int
    """ Number of assets for which it is a standby. """
    token_ends: bool | None
    """ Whether the newest token of the person expires; null if no grant is known. """
    token_expires_at: datetime.datetime | None
    """ When the newest token expires; null if it does not. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.ending import Ending  # noqa: PLC0415

        data_access_expires_at: None | str
        if isinstance(self.data_access_expires_at, datetime.datetime):
            data_access_expires_at = self.data_access_expires_at.isoformat()
        else:
            data_access_expires_at = self.data_access_expires_at

        id = self.id

        is_work_account: bool | None
        is_work_account = self.is_work_account

        kind: str = self.kind

        name: None | str
        name = self.name

        next_ending: dict[str, Any] | None
        if isinstance(self.next_ending, Ending):
            next_ending = self.next_ending.to_dict()
        else:
            next_ending = self.next_ending

        parked_for = self.parked_for

        serves = self.serves

        stands_by_for = self.stands_by_for

        token_ends: bool | None
        token_ends = self.token_ends

        token_expires_at: None | str
        if isinstance(self.token_expires_at, datetime.datetime):
            token_expires_at = self.token_expires_at.isoformat()
        else:
            token_expires_at = self.token_expires_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "data_access_expires_at": data_access_expires_at,
                "id": id,
                "is_work_account": is_work_account,
                "kind": kind,
                "name": name,
                "next_ending": next_ending,
                "parked_for": parked_for,
                "serves": serves,
                "stands_by_for": stands_by_for,
                "token_ends": token_ends,
                "token_expires_at": token_expires_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ending import Ending  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_data_access_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                data_access_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return data_access_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        data_access_expires_at = _parse_data_access_expires_at(d.pop("data_access_expires_at"))

        id = d.pop("id")

        def _parse_is_work_account(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        is_work_account = _parse_is_work_account(d.pop("is_work_account"))

        kind = check_listed_person_kind(d.pop("kind"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        def _parse_next_ending(data: object) -> Ending | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                next_ending_type_0 = Ending.from_dict(data)

                return next_ending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Ending | None, data)

        next_ending = _parse_next_ending(d.pop("next_ending"))

        parked_for = d.pop("parked_for")

        serves = d.pop("serves")

        stands_by_for = d.pop("stands_by_for")

        def _parse_token_ends(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        token_ends = _parse_token_ends(d.pop("token_ends"))

        def _parse_token_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                token_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return token_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        token_expires_at = _parse_token_expires_at(d.pop("token_expires_at"))

        listed_person = cls(
            data_access_expires_at=data_access_expires_at,
            id=id,
            is_work_account=is_work_account,
            kind=kind,
            name=name,
            next_ending=next_ending,
            parked_for=parked_for,
            serves=serves,
            stands_by_for=stands_by_for,
            token_ends=token_ends,
            token_expires_at=token_expires_at,
        )

        listed_person.additional_properties = d
        return listed_person

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
