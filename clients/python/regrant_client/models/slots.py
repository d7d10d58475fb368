from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.candidate import Candidate
    from ..models.credential import Credential


T = TypeVar("T", bound="Slots")


@_attrs_define
class Slots:
    """The credentials of an asset by slot."""

    active: Credential | None
    candidate: Candidate | None
    previous: Credential | None
    standby: list[Credential]
    """ Standby credentials. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.candidate import Candidate  # noqa: PLC0415
        from ..models.credential import Credential  # noqa: PLC0415

        active: dict[str, Any] | None
        if isinstance(self.active, Credential):
            active = self.active.to_dict()
        else:
            active = self.active

        candidate: dict[str, Any] | None
        if isinstance(self.candidate, Candidate):
            candidate = self.candidate.to_dict()
        else:
            candidate = self.candidate

        previous: dict[str, Any] | None
        if isinstance(self.previous, Credential):
            previous = self.previous.to_dict()
        else:
            previous = self.previous

        standby = []
        for standby_item_data in self.standby:
            standby_item = standby_item_data.to_dict()
            standby.append(standby_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "active": active,
                "candidate": candidate,
                "previous": previous,
                "standby": standby,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.candidate import Candidate  # noqa: PLC0415
        from ..models.credential import Credential  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_active(data: object) -> Credential | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                active_type_0 = Credential.from_dict(data)

                return active_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Credential | None, data)

        active = _parse_active(d.pop("active"))

        def _parse_candidate(data: object) -> Candidate | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                candidate_type_0 = Candidate.from_dict(data)

                return candidate_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Candidate | None, data)

        candidate = _parse_candidate(d.pop("candidate"))

        def _parse_previous(data: object) -> Credential | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                previous_type_0 = Credential.from_dict(data)

                return previous_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Credential | None, data)

        previous = _parse_previous(d.pop("previous"))

        standby = []
        _standby = d.pop("standby")
        for standby_item_data in _standby:
            standby_item = Credential.from_dict(standby_item_data)

            standby.append(standby_item)

        slots = cls(
            active=active,
            candidate=candidate,
            previous=previous,
            standby=standby,
        )

        slots.additional_properties = d
        return slots

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
