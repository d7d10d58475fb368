from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AuditCheckpoint")


@_attrs_define
class AuditCheckpoint:
    """A signed statement about the end of the tenant's chain. Keep it outside of Regrant: with it, `regrant audit verify`
    detects whether the chain was cut or rewritten later.

    """

    seq: int
    """ Number of the last event. """
    signed_at: datetime.datetime
    """ When the checkpoint was signed. """
    statement: str
    """ JWS that the keys of `/.well-known/statement-keys.json` verify. """
    tenant_id: str
    """ Id of the tenant. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        seq = self.seq

        signed_at = self.signed_at.isoformat()

        statement = self.statement

        tenant_id = self.tenant_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "seq": seq,
                "signed_at": signed_at,
                "statement": statement,
                "tenant_id": tenant_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq = d.pop("seq")

        signed_at = datetime.datetime.fromisoformat(d.pop("signed_at"))

        statement = d.pop("statement")

        tenant_id = d.pop("tenant_id")

        audit_checkpoint = cls(
            seq=seq,
            signed_at=signed_at,
            statement=statement,
            tenant_id=tenant_id,
        )

        audit_checkpoint.additional_properties = d
        return audit_checkpoint

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
