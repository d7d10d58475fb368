from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AuthorizationServer")


@_attrs_define
class AuthorizationServer:
    """Metadata of the authorization server (RFC 8414 §2)."""

    dpop_signing_alg_values_supported: list[str]
    """ Algorithms of proofs of a key (RFC 9449). """
    grant_types_supported: list[str]
    """ Grants. """
    introspection_endpoint: str
    """ Endpoint that says whether an access token is valid (RFC 7662). """
    introspection_endpoint_auth_methods_supported: list[str]
    """ How a client authenticates to the introspection endpoint. """
    issuer: str
    """ Issuer, as tokens name it. """
    jwks_uri: str
    """ Public keys that verify access tokens. """
    response_types_supported: list[str]
    """ None: there is no authorization endpoint. """
    revocation_endpoint: str
    """ Endpoint that revokes access tokens (RFC 7009). """
    revocation_endpoint_auth_methods_supported: list[str]
    """ How a client authenticates to the revocation endpoint. """
    scopes_supported: list[str]
    """ Scopes. """
    service_documentation: str
    """ Page that describes the API. """
    token_endpoint: str
    """ Endpoint that issues access tokens. """
    token_endpoint_auth_methods_supported: list[str]
    """ How a client authenticates to the token endpoint. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        dpop_signing_alg_values_supported = self.dpop_signing_alg_values_supported

        grant_types_supported = self.grant_types_supported

        introspection_endpoint = self.introspection_endpoint

        introspection_endpoint_auth_methods_supported = self.introspection_endpoint_auth_methods_supported

        issuer = self.issuer

        jwks_uri = self.jwks_uri

        response_types_supported = self.response_types_supported

        revocation_endpoint = self.revocation_endpoint

        revocation_endpoint_auth_methods_supported = self.revocation_endpoint_auth_methods_supported

        scopes_supported = self.scopes_supported

        service_documentation = self.service_documentation

        token_endpoint = self.token_endpoint

        token_endpoint_auth_methods_supported = self.token_endpoint_auth_methods_supported

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dpop_signing_alg_values_supported": dpop_signing_alg_values_supported,
                "grant_types_supported": grant_types_supported,
                "introspection_endpoint": introspection_endpoint,
                "introspection_endpoint_auth_methods_supported": introspection_endpoint_auth_methods_supported,
                "issuer": issuer,
                "jwks_uri": jwks_uri,
                "response_types_supported": response_types_supported,
                "revocation_endpoint": revocation_endpoint,
                "revocation_endpoint_auth_methods_supported": revocation_endpoint_auth_methods_supported,
                "scopes_supported": scopes_supported,
                "service_documentation": service_documentation,
                "token_endpoint": token_endpoint,
                "token_endpoint_auth_methods_supported": token_endpoint_auth_methods_supported,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        dpop_signing_alg_values_supported = cast(list[str], d.pop("dpop_signing_alg_values_supported"))

        grant_types_supported = cast(list[str], d.pop("grant_types_supported"))

        introspection_endpoint = d.pop("introspection_endpoint")

        introspection_endpoint_auth_methods_supported = cast(
            list[str], d.pop("introspection_endpoint_auth_methods_supported")
        )

        issuer = d.pop("issuer")

        jwks_uri = d.pop("jwks_uri")

        response_types_supported = cast(list[str], d.pop("response_types_supported"))

        revocation_endpoint = d.pop("revocation_endpoint")

        revocation_endpoint_auth_methods_supported = cast(
            list[str], d.pop("revocation_endpoint_auth_methods_supported")
        )

        scopes_supported = cast(list[str], d.pop("scopes_supported"))

        service_documentation = d.pop("service_documentation")

        token_endpoint = d.pop("token_endpoint")

        token_endpoint_auth_methods_supported = cast(list[str], d.pop("token_endpoint_auth_methods_supported"))

        authorization_server = cls(
            dpop_signing_alg_values_supported=dpop_signing_alg_values_supported,
            grant_types_supported=grant_types_supported,
            introspection_endpoint=introspection_endpoint,
            introspection_endpoint_auth_methods_supported=introspection_endpoint_auth_methods_supported,
            issuer=issuer,
            jwks_uri=jwks_uri,
            response_types_supported=response_types_supported,
            revocation_endpoint=revocation_endpoint,
            revocation_endpoint_auth_methods_supported=revocation_endpoint_auth_methods_supported,
            scopes_supported=scopes_supported,
            service_documentation=service_documentation,
            token_endpoint=token_endpoint,
            token_endpoint_auth_methods_supported=token_endpoint_auth_methods_supported,
        )

        authorization_server.additional_properties = d
        return authorization_server

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
