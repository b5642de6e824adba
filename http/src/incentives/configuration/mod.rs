//! What a retailer configures, object by object (incentives.md 7.4, 7.5, 7.7, 7.12 to 7.14).
//!
//! Objects go in and out as JSON, with the members that Laurel does not read: what is wrong with one is found by the
//! compiler of programs, which names it by its path. Here are the requests, the pages and the shapes of answers.

mod bodies;
mod call;
mod error;
mod events;
mod lists;
mod point_accounts;
mod point_shapes;
mod point_sources;
mod rule_templates;
mod rule_trees;
mod tier_level_constraints;
mod tier_levels;
mod tree_shape;

use actix_web::Resource;
use utoipa::openapi::OpenApi;

/// Path, name for the measures, and how its handler is mounted.
pub type ConfigurationRoute = (&'static str, &'static str, fn(Resource) -> Resource);

/// Writes the handlers of endpoints, their part of the OpenAPI document and of the route table: what differs is the
/// path and the work.
macro_rules! endpoints {
    ($($(#[doc = $doc:tt])+ $name:ident, $path:tt, $body:ident => $work:path;)+) => {
        $(
            $(#[doc = $doc])+
            #[utoipa::path(
                post,
                path = $path,
                tag = "incentives",
                request_body = crate::incentives::configuration::bodies::$body,
                responses(
                    (
                        status = 200,
                        description = "Done",
                        body = crate::incentives::request::IncentivesAnswer<
                            crate::incentives::configuration::ConfigurationPayload
                        >
                    ),
                    (
                        status = 400,
                        description = "Malformed, or the program would have problems; they are listed with their paths",
                        body = crate::incentives::IncentivesErrorBody
                    ),
                    (
                        status = 404,
                        description = "No such object",
                        body = crate::incentives::IncentivesErrorBody
                    ),
                    (
                        status = 409,
                        description = "The object has changed, or is in use",
                        body = crate::incentives::IncentivesErrorBody
                    ),
                ),
                        )]
            pub async fn $name(
                state: actix_web::web::Data<crate::state::HttpState>,
                request: actix_web::HttpRequest,
                payload: actix_web::web::Payload,
            ) -> actix_web::HttpResponse {
                let state = state.get_ref();
                crate::incentives::request::answer(state, &request, payload, |body| async move {
                    let call = crate::incentives::configuration::call::Call::read(state, &body)?;
                    $work(call).await.map(crate::incentives::configuration::ConfigurationPayload)
                })
                .await
            }
        )+

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($name),+))]
        struct Paths;

        /// The endpoints in the OpenAPI document.
        pub fn document() -> utoipa::openapi::OpenApi {
            <Paths as utoipa::OpenApi>::openapi()
        }

        /// The endpoints in the route table.
        pub fn routes() -> Vec<crate::incentives::configuration::ConfigurationRoute> {
            vec![$((
                $path,
                stringify!($name),
                |resource: actix_web::Resource| resource.route(actix_web::web::post().to($name)),
            )),+]
        }
    };
}
use endpoints;

pub use call::ConfigurationPayload;
pub use error::{problem_row, refusal_row};

/// The endpoints in the route table.
pub fn routes() -> Vec<ConfigurationRoute> {
    [
        point_accounts::routes(),
        point_sources::routes(),
        tier_levels::routes(),
        tier_level_constraints::routes(),
        rule_trees::routes(),
        rule_templates::routes(),
        events::routes(),
    ]
    .concat()
}

/// The endpoints in the OpenAPI document.
pub fn document() -> OpenApi {
    let parts = [
        point_accounts::document(),
        point_sources::document(),
        tier_levels::document(),
        tier_level_constraints::document(),
        rule_trees::document(),
        rule_templates::document(),
        events::document(),
    ];
    let mut whole = OpenApi::default();
    parts.into_iter().for_each(|part| whole.merge(part));
    whole
}
