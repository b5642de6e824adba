//! Operations: health, readiness, metrics, the OpenAPI document and the page to browse it. Open to everybody who
//! reaches the port.

mod documents;
mod health;
mod leniency;
mod measures;
mod openapi;
mod surfaces;

pub(crate) use documents::{browser, document, to_browser};
pub(crate) use health::{__path_healthz, __path_readyz, healthz, readyz};
pub(crate) use measures::{__path_metrics, metrics};
#[cfg(test)]
pub(crate) use openapi::document as openapi_document;
