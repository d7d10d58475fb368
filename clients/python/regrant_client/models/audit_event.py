from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audit_event_detail import AuditEventDetail


T = TypeVar("T", bound="AuditEvent")


@_attrs_define
class AuditEvent:
    """One audit event."""

    action: str
    """ Action of the actor. """
    actor: str
    """ Who acted. """
    at: datetime.datetime
    """ When the event was written. """
    detail: AuditEventDetail
    """ Further details. """
    id: str
    """ Id of the event. """
    pruned: bool
    """ Whether retention removed actor, subject and detail. The event keeps its position in the chain. """
    seq: int
    """ Number of the event in the tenant's chain, without gaps. """
    subject: str
    """ Subject of the action. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        actor = self.actor

        at = self.at.isoformat()

        detail = self.detail.to_dict()

        id = self.id

        pruned = self.pruned

        seq = self.seq

        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "actor": actor,
                "at": at,
                "detail": detail,
                "id": id,
                "pruned": pruned,
                "seq": seq,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_event_detail import AuditEventDetail  # noqa: PLC0415

        d = dict(src_dict)
        action = d.pop("action")

        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        detail = AuditEventDetail.from_dict(d.pop("detail"))

        id = d.pop("id")

        pruned = d.pop("pruned")

        seq = d.pop("seq")

        subject = d.pop("subject")

        audit_event = cls(
            action=action,
            actor=actor,
            at=at,
            detail=detail,
            id=id,
            pruned=pruned,
            seq=seq,
            subject=subject,
        )

        audit_event.additional_properties = d
        return audit_event

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
