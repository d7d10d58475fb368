from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.token_reach_refused_status import TokenReachRefusedStatus, check_token_reach_refused_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="TokenReachRefused")


@_attrs_define
class TokenReachRefused:
    """The Graph API refused the token on the asset, or gave no answer within 45 seconds."""

    asset_id: str
    kind: AssetKind
    reason: Reason
    """ Why something is in its state, and who must act. """
    status: TokenReachRefusedStatus
    fbtrace_id: None | str | Unset = UNSET
    """ Trace id of the Graph API, to quote to Meta. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        kind: str = self.kind

        reason = self.reason.to_dict()

        status: str = self.status

        fbtrace_id: None | str | Unset
        if isinstance(self.fbtrace_id, Unset):
            fbtrace_id = UNSET
        else:
            fbtrace_id = self.fbtrace_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "kind": kind,
                "reason": reason,
                "status": status,
            }
        )
        if fbtrace_id is not UNSET:
            field_dict["fbtrace_id"] = fbtrace_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        kind = check_asset_kind(d.pop("kind"))

        reason = Reason.from_dict(d.pop("reason"))

        status = check_token_reach_refused_status(d.pop("status"))

        def _parse_fbtrace_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        fbtrace_id = _parse_fbtrace_id(d.pop("fbtrace_id", UNSET))

        token_reach_refused = cls(
            asset_id=asset_id,
            kind=kind,
            reason=reason,
            status=status,
            fbtrace_id=fbtrace_id,
        )

        token_reach_refused.additional_properties = d
        return token_reach_refused

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
