from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ProtectedResource")


@_attrs_define
class ProtectedResource:
    """Metadata of the API as a protected resource (RFC 9728 §2)."""

    authorization_servers: list[str]
    """ Issuers of the access tokens that it accepts. """
    bearer_methods_supported: list[str]
    """ How an access token is sent. """
    dpop_bound_access_tokens_required: bool
    """ Whether every access token must be bound to a key. """
    dpop_signing_alg_values_supported: list[str]
    """ Algorithms of proofs of a key (RFC 9449). """
    jwks_uri: str
    """ Public keys that verify access tokens. """
    resource: str
    """ Address of the API. """
    resource_documentation: str
    """ Page that describes the API. """
    resource_name: str
    """ Name of the API. """
    scopes_supported: list[str]
    """ Scopes. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        authorization_servers = self.authorization_servers

        bearer_methods_supported = self.bearer_methods_supported

        dpop_bound_access_tokens_required = self.dpop_bound_access_tokens_required

        dpop_signing_alg_values_supported = self.dpop_signing_alg_values_supported

        jwks_uri = self.jwks_uri

        resource = self.resource

        resource_documentation = self.resource_documentation

        resource_name = self.resource_name

        scopes_supported = self.scopes_supported

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "authorization_servers": authorization_servers,
                "bearer_methods_supported": bearer_methods_supported,
                "dpop_bound_access_tokens_required": dpop_bound_access_tokens_required,
                "dpop_signing_alg_values_supported": dpop_signing_alg_values_supported,
                "jwks_uri": jwks_uri,
                "resource": resource,
                "resource_documentation": resource_documentation,
                "resource_name": resource_name,
                "scopes_supported": scopes_supported,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        authorization_servers = cast(list[str], d.pop("authorization_servers"))

        bearer_methods_supported = cast(list[str], d.pop("bearer_methods_supported"))

        dpop_bound_access_tokens_required = d.pop("dpop_bound_access_tokens_required")

        dpop_signing_alg_values_supported = cast(list[str], d.pop("dpop_signing_alg_values_supported"))

        jwks_uri = d.pop("jwks_uri")

        resource = d.pop("resource")

        resource_documentation = d.pop("resource_documentation")

        resource_name = d.pop("resource_name")

        scopes_supported = cast(list[str], d.pop("scopes_supported"))

        protected_resource = cls(
            authorization_servers=authorization_servers,
            bearer_methods_supported=bearer_methods_supported,
            dpop_bound_access_tokens_required=dpop_bound_access_tokens_required,
            dpop_signing_alg_values_supported=dpop_signing_alg_values_supported,
            jwks_uri=jwks_uri,
            resource=resource,
            resource_documentation=resource_documentation,
            resource_name=resource_name,
            scopes_supported=scopes_supported,
        )

        protected_resource.additional_properties = d
        return protected_resource

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
