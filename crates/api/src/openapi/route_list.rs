//! The routes of a listener: registered with the server, and described where a description is asked for.
//!
//! The rule: one list serves both, so that no route is missing from the description. Each worker thread registers all
//! routes when it starts; what describes them is built once, and only if it is read.

use actix_web::{
    Scope,
    dev::HttpServiceFactory,
    web::{self, ServiceConfig},
};
use utoipa::openapi::{Components, OpenApi, RefOr, path::Paths, schema::Schema};
use utoipa_actix_web::OpenApiFactory;

/// Adds routes that the API description contains.
pub(crate) type AddRoutes = fn(&mut RouteList<'_>);

/// Where routes are added.
pub(crate) struct RouteList<'a> {
    config: &'a mut ServiceConfig,
    /// The description of the routes; `None` where they only serve.
    described: Option<&'a mut DescribedRoutes>,
}

/// Paths and the schemas that they name.
#[derive(Default)]
pub(super) struct DescribedRoutes {
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl<'a> RouteList<'a> {
    /// A list that serves its routes and does not describe them.
    pub(crate) const fn serving(config: &'a mut ServiceConfig) -> Self {
        Self {
            config,
            described: None,
        }
    }

    /// A list that describes its routes.
    pub(super) const fn describing(
        config: &'a mut ServiceConfig,
        described: &'a mut DescribedRoutes,
    ) -> Self {
        Self {
            config,
            described: Some(described),
        }
    }

    /// Adds a route.
    pub(crate) fn service(
        &mut self,
        route: impl HttpServiceFactory + OpenApiFactory + 'static,
    ) -> &mut Self {
        if let Some(described) = &mut self.described {
            described.paths.merge(route.paths());
            route.schemas(&mut described.schemas);
        }
        self.config.service(route);
        self
    }

    /// Adds routes below a path, with what `wrap` puts around them.
    pub(crate) fn scope<S: HttpServiceFactory + 'static>(
        &mut self,
        path: &str,
        wrap: impl FnOnce(Scope) -> S,
        routes: AddRoutes,
    ) -> &mut Self {
        let mut inner = self.described.is_some().then(DescribedRoutes::default);
        let scope = web::scope(path).configure(|config| {
            routes(&mut RouteList {
                config,
                described: inner.as_mut(),
            });
        });
        self.config.service(wrap(scope));
        if let (Some(described), Some(inner)) = (&mut self.described, inner) {
            described.add_below(path, inner);
        }
        self
    }
}

impl DescribedRoutes {
    /// Adds routes below a path.
    fn add_below(&mut self, path: &str, mut inner: Self) {
        let below = std::mem::take(&mut inner.paths.paths).into_iter();
        inner.paths.paths = below
            .map(|(it, item)| (format!("{path}{it}"), item))
            .collect();
        self.paths.merge(inner.paths);
        self.schemas.extend(inner.schemas);
    }

    /// Adds the routes to a description.
    pub(super) fn add_to(self, api: &mut OpenApi) {
        api.paths.merge(self.paths);
        api.components
            .get_or_insert_with(Components::new)
            .schemas
            .extend(self.schemas);
    }
}
