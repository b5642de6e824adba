//! The outermost layer: brings paths to their one spelling, and measures.
//!
//! Runs for every request, so it allocates only where a path has to be rewritten; counters are registered once.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, Uri, uri::PathAndQuery},
    middleware::Next,
};
use metrics::{Counter, Histogram, counter, histogram};

/// Surfaces whose paths are compared without letter case (pos-offers.md A.1).
const CASELESS: [&str; 3] = ["/api/", "/incentives/", "/transactions/"];

/// What is measured of one route.
#[derive(Clone)]
pub struct RouteMeasures {
    /// By hundreds of the status.
    requests: [Counter; 5],
    seconds: Histogram,
}

impl RouteMeasures {
    /// The measures of a route of this name.
    pub fn of(route: &'static str) -> Self {
        let requests = ["1xx", "2xx", "3xx", "4xx", "5xx"]
            .map(|status| counter!("laurel_http_requests_total", "route" => route, "status" => status));
        Self { requests, seconds: histogram!("laurel_http_request_seconds", "route" => route) }
    }

    fn record(&self, status: StatusCode, started: Instant) {
        let hundreds = usize::from(status.as_u16() / 100);
        if let Some(counter) = hundreds.checked_sub(1).and_then(|place| self.requests.get(place)) {
            counter.increment(1);
        }
        self.seconds.record(started.elapsed());
    }
}

/// Rewrites the path where needed, lets the route answer, and measures.
pub async fn edge<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    if let Some(uri) = rewritten(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    let response = next.call(request).await?;
    if let Some(measures) = response.request().app_data::<RouteMeasures>() {
        measures.record(response.status(), started);
    }
    Ok(response)
}

/// The request's address in its one spelling; nothing when it is in it already.
fn rewritten(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    // The page at /docs/ names its scripts relative to the slash.
    let slash = path.len() > 1 && path.ends_with('/') && !path.starts_with("/docs");
    let caseless = CASELESS.iter().any(|prefix| {
        path.len() >= prefix.len() && path.as_bytes()[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
    });
    let upper = caseless && path.bytes().any(|byte| byte.is_ascii_uppercase());
    if !slash && !upper {
        return None;
    }
    let mut spelled = path.trim_end_matches('/').to_owned();
    if spelled.is_empty() {
        spelled.push('/');
    }
    if upper {
        spelled.make_ascii_lowercase();
    }
    if let Some(query) = uri.query() {
        spelled.push('?');
        spelled.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(spelled).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    fn spelled(uri: &str) -> Option<String> {
        rewritten(&uri.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn paths_have_one_spelling() {
        assert_eq!(spelled("/api/2.0/send_transaction"), None);
        assert_eq!(
            spelled("/Api/2.0/Send_Transaction/?X=Y").as_deref(),
            Some("/api/2.0/send_transaction?X=Y")
        );
        assert_eq!(spelled("/priv/v1/apps/Key/users/").as_deref(), Some("/priv/v1/apps/Key/users"));
        assert_eq!(spelled("/priv/v1/apps/Key/external/users/Ann%2FB"), None);
        assert_eq!(spelled("/docs/"), None);
        assert_eq!(spelled("/"), None);
    }
}
