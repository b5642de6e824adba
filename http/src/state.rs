//! What every handler has at hand: the engine, the credentials, the switches.

use std::sync::Arc;

use actors::Engine;
use domain::{program::Program, time::TimeForm};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::{Credentials, Verifier};

/// How core refusals are answered (customers-campaigns.md A.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorHttpMode {
    /// With 4xx: what every known client understands.
    #[default]
    Strict,
    /// With 200 and `status: "error"`, as the platform's documentation has it.
    Documented,
}

/// How the server differs from its defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HttpSwitches {
    /// Refusals at the point of sale are 4xx instead of 200 (pos-offers.md A.4).
    pub pos_http_errors: bool,
    /// Times of the incentives domain end in `Z` (incentives.md 1.3).
    pub emit_zone_suffix: bool,
    /// How core refusals are answered.
    pub error_http_mode: ErrorHttpMode,
    /// Adds `POST /bench/parse`, which parses a sale and answers, nothing else.
    pub bench_endpoint: bool,
    /// Adds `POST /admin/test_clock`; the engine must run on a test clock.
    pub test_clock: bool,
}

/// What the HTTP layer is made of.
pub struct HttpConfig {
    /// The engine.
    pub engine: Engine,
    /// Who may ask.
    pub credentials: Credentials,
    /// How it differs from its defaults.
    pub switches: HttpSwitches,
    /// Renders `/metrics`. Whoever installed the recorder also runs its upkeep.
    pub metrics: PrometheusHandle,
}

/// The shared state of all handlers; cheap to clone.
#[derive(Clone)]
pub struct HttpState(Arc<Parts>);

struct Parts {
    engine: Engine,
    verifier: Verifier,
    switches: HttpSwitches,
    metrics: PrometheusHandle,
}

impl HttpState {
    /// Prepares the state. To be made once per process.
    pub fn new(config: HttpConfig) -> Self {
        let HttpConfig { engine, credentials, switches, metrics } = config;
        Self(Arc::new(Parts { engine, verifier: Verifier::new(&credentials), switches, metrics }))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn program(&self) -> Arc<Program> {
        self.0.engine.program()
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    pub(crate) fn switches(&self) -> HttpSwitches {
        self.0.switches
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.metrics
    }

    /// How the incentives domain writes times (incentives.md 1.3).
    pub(crate) fn incentives_times(&self) -> TimeForm {
        if self.0.switches.emit_zone_suffix { TimeForm::Iso } else { TimeForm::IsoBare }
    }
}
