//! `POST /admin/test_clock`: moves the clock of a server that runs on a test clock.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    time::{TimeForm, Zone},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AdminCode, AdminError, AdminErrorBody};
use crate::{
    body::{BODY_MAX, take},
    json::{Faults, Member, Reader, parse_object},
    state::HttpState,
};

/// A new time.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TestClockRequest<'a> {
    /// The new time; not before the present one. Required.
    #[serde(borrow)]
    #[schema(value_type = String)]
    now: Member<'a>,
}

/// The clock was moved.
#[derive(Serialize, ToSchema)]
pub struct TestClockAnswer {
    /// `ok`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The time now.
    now: String,
}

/// Move the test clock forward.
#[utoipa::path(
    post,
    path = "/admin/test_clock",
    tag = "admin",
    request_body = TestClockRequest,
    responses(
        (status = 200, description = "Moved", body = TestClockAnswer),
        (status = 400, description = "`not_a_test_clock`, `clock_backwards`", body = AdminErrorBody),
        (status = 401, description = "Missing or wrong admin key", body = AdminErrorBody),
    ),
    security(("admin" = [])),
)]
pub async fn test_clock(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let moved = async {
        state.verifier().admit_admin(&request)?;
        if !state.switches().test_clock {
            return Err(AdminError::new(AdminCode::NotATestClock, "the server does not run on a test clock"));
        }
        let to = read(&take(payload, BODY_MAX).await?)?;
        state.engine().move_clock(to)?;
        Ok(state.engine().now())
    };
    match moved.await {
        Ok(now) => HttpResponse::Ok().json(TestClockAnswer { status: "ok", now: now.write(TimeForm::Iso) }),
        Err(error) => error.response(),
    }
}

fn read(body: &[u8]) -> Result<Timestamp, AdminError> {
    let request: TestClockRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let to = Reader::new(&mut faults).required_time("now", request.now, &Zone::UTC);
    faults.none_or(to).map_err(|faults| AdminError::invalid(&faults))
}
