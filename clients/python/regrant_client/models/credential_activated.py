from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.credential_kind import CredentialKind, check_credential_kind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.earlier_credential import EarlierCredential


T = TypeVar("T", bound="CredentialActivated")


@_attrs_define
class CredentialActivated:
    """`data` of `credential.promoted` and `credential.failed_over`."""

    asset_id: str
    before: EarlierCredential | None
    generation: int
    """ Its number in the history of the asset. """
    kind: CredentialKind
    waited_since: datetime.datetime
    """ Since when it was parked or stood by. """
    person_id: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.earlier_credential import EarlierCredential  # noqa: PLC0415

        asset_id = self.asset_id

        before: dict[str, Any] | None
        if isinstance(self.before, EarlierCredential):
            before = self.before.to_dict()
        else:
            before = self.before

        generation = self.generation

        kind: str = self.kind

        waited_since = self.waited_since.isoformat()

        person_id: None | str | Unset
        if isinstance(self.person_id, Unset):
            person_id = UNSET
        else:
            person_id = self.person_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "before": before,
                "generation": generation,
                "kind": kind,
                "waited_since": waited_since,
            }
        )
        if person_id is not UNSET:
            field_dict["person_id"] = person_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.earlier_credential import EarlierCredential  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        def _parse_before(data: object) -> EarlierCredential | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = EarlierCredential.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EarlierCredential | None, data)

        before = _parse_before(d.pop("before"))

        generation = d.pop("generation")

        kind = check_credential_kind(d.pop("kind"))

        waited_since = datetime.datetime.fromisoformat(d.pop("waited_since"))

        def _parse_person_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person_id = _parse_person_id(d.pop("person_id", UNSET))

        credential_activated = cls(
            asset_id=asset_id,
            before=before,
            generation=generation,
            kind=kind,
            waited_since=waited_since,
            person_id=person_id,
        )

        credential_activated.additional_properties = d
        return credential_activated

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
