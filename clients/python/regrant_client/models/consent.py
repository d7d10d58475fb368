from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.consent_kind import ConsentKind, check_consent_kind

if TYPE_CHECKING:
    from ..models.consenting_person import ConsentingPerson


T = TypeVar("T", bound="Consent")


@_attrs_define
class Consent:
    """A consent."""

    consent_id: str
    """ Id of the consent. """
    created_at: datetime.datetime
    """ When the consent was handed over. """
    expires_at: datetime.datetime | None
    """ When the token expires; null if never, or if the Graph API did not say. """
    is_work_account: bool | None
    """ Whether it is a managed account; null if the Graph API did not say. """
    kind: ConsentKind
    missing_scopes: list[str]
    """ Permissions that the app asks for, or that the session's assets need, and that were not granted. """
    person: ConsentingPerson
    """ The person who logged in. """
    usable_until: datetime.datetime
    """ Until when the consent can be used. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        consent_id = self.consent_id

        created_at = self.created_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        is_work_account: bool | None
        is_work_account = self.is_work_account

        kind: str = self.kind

        missing_scopes = self.missing_scopes

        person = self.person.to_dict()

        usable_until = self.usable_until.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "consent_id": consent_id,
                "created_at": created_at,
                "expires_at": expires_at,
                "is_work_account": is_work_account,
                "kind": kind,
                "missing_scopes": missing_scopes,
                "person": person,
                "usable_until": usable_until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.consenting_person import ConsentingPerson  # noqa: PLC0415

        d = dict(src_dict)
        consent_id = d.pop("consent_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        def _parse_is_work_account(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        is_work_account = _parse_is_work_account(d.pop("is_work_account"))

        kind = check_consent_kind(d.pop("kind"))

        missing_scopes = cast(list[str], d.pop("missing_scopes"))

        person = ConsentingPerson.from_dict(d.pop("person"))

        usable_until = datetime.datetime.fromisoformat(d.pop("usable_until"))

        consent = cls(
            consent_id=consent_id,
            created_at=created_at,
            expires_at=expires_at,
            is_work_account=is_work_account,
            kind=kind,
            missing_scopes=missing_scopes,
            person=person,
            usable_until=usable_until,
        )

        consent.additional_properties = d
        return consent

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
