from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.token_lookup_no_token_status import TokenLookupNoTokenStatus, check_token_lookup_no_token_status

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="TokenLookupNoToken")


@_attrs_define
class TokenLookupNoToken:
    """The asset has no token that is known to work."""

    asset_id: str
    reason: Reason
    """ Why something is in its state, and who must act. """
    status: TokenLookupNoTokenStatus
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        reason = self.reason.to_dict()

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "reason": reason,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        reason = Reason.from_dict(d.pop("reason"))

        status = check_token_lookup_no_token_status(d.pop("status"))

        token_lookup_no_token = cls(
            asset_id=asset_id,
            reason=reason,
            status=status,
        )

        token_lookup_no_token.additional_properties = d
        return token_lookup_no_token

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
