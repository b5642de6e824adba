//! What all operations of a surface have in common in the OpenAPI document: its key pair, and the refusals that any of
//! them may answer. Handlers name only what is theirs.

use utoipa::{
    Modify,
    openapi::{
        Components, Content, HeaderBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
        {Object, schema::Type},
    },
};

/// A surface: what its operations are tagged with, and what they share.
struct Surface {
    tag: &'static str,
    /// Name of its key pair, and how it is sent.
    key: &'static str,
    scheme: fn() -> HttpAuthScheme,
    /// Schema of its failures.
    failure: &'static str,
    /// Header that every answer has.
    header: Option<&'static str>,
    /// Statuses that every operation may answer, and when.
    refusals: &'static [(&'static str, &'static str)],
}

const MALFORMED: (&str, &str) = ("400", "Malformed");
const TOO_LARGE: (&str, &str) = ("413", "The body is too large");
const BUSY: (&str, &str) = ("503", "Overloaded, shutting down, or nothing can be written at present");
const UNAUTHORIZED: (&str, &str) = ("401", "Missing or wrong credentials");
const OTHER_TENANT: (&str, &str) = ("403", "Another tenant");

const SURFACES: [Surface; 5] = [
    Surface {
        tag: "customers",
        key: "core",
        scheme: || HttpAuthScheme::Basic,
        failure: "CoreErrorBody",
        header: Some("X-Request-Id"),
        refusals: &[UNAUTHORIZED, TOO_LARGE, BUSY],
    },
    Surface {
        tag: "pos",
        key: "pos",
        scheme: || HttpAuthScheme::Basic,
        failure: "PosErrorBody",
        header: None,
        refusals: &[UNAUTHORIZED],
    },
    Surface {
        tag: "incentives",
        key: "connect",
        scheme: || HttpAuthScheme::Basic,
        failure: "IncentivesErrorBody",
        header: None,
        refusals: &[MALFORMED, UNAUTHORIZED, OTHER_TENANT, TOO_LARGE, BUSY],
    },
    Surface {
        tag: "transactions",
        key: "connect",
        scheme: || HttpAuthScheme::Basic,
        failure: "TransactionsErrorBody",
        header: Some("X-Correlation-Id"),
        refusals: &[MALFORMED, UNAUTHORIZED, OTHER_TENANT, TOO_LARGE, BUSY],
    },
    Surface {
        tag: "admin",
        key: "admin",
        scheme: || HttpAuthScheme::Bearer,
        failure: "AdminErrorBody",
        header: None,
        refusals: &[MALFORMED, UNAUTHORIZED, TOO_LARGE, BUSY],
    },
];

/// Completes the operations of all surfaces.
pub struct Surfaces;

impl Modify for Surfaces {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        for surface in &SURFACES {
            components.add_security_scheme(surface.key, SecurityScheme::Http(Http::new((surface.scheme)())));
        }
        for item in document.paths.paths.values_mut() {
            let verbs = [&mut item.get, &mut item.put, &mut item.post];
            verbs.into_iter().flatten().for_each(complete);
        }
    }
}

fn complete(operation: &mut Operation) {
    let tags = operation.tags.as_deref().unwrap_or_default();
    let Some(surface) = SURFACES.iter().find(|surface| tags.iter().any(|tag| tag == surface.tag)) else {
        return;
    };
    operation.security = Some(vec![SecurityRequirement::new(surface.key, [""; 0])]);
    let responses = &mut operation.responses.responses;
    for &(status, description) in surface.refusals {
        let shared = || RefOr::T(surface.refusal(description));
        responses.entry(status.to_owned()).or_insert_with(shared);
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        surface.add_headers(status, response);
    }
}

impl Surface {
    fn refusal(&self, description: &str) -> Response {
        let failure = Content::new(Some(Ref::from_schema_name(self.failure)));
        ResponseBuilder::new().description(description).content("application/json", failure).build()
    }

    fn add_headers(&self, status: &str, response: &mut Response) {
        let own = match status {
            "401" => Some(("WWW-Authenticate", "The challenge: the scheme and the realm")),
            "429" | "503" => Some(("Retry-After", "Seconds after which the request may be sent again")),
            _ => None,
        };
        let everywhere = self.header.map(|name| (name, "The id of the request: the caller's, or a new one"));
        for (name, description) in own.into_iter().chain(everywhere) {
            let text = Object::with_type(Type::String);
            let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
            response.headers.insert(name.to_owned(), header.into());
        }
    }
}
