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
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A new time.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TestClockRequest<'a> {
    /// The new time; not before the present one. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Time)]
    now: Member<'a>,
    /// Answer when everybody has done what has become due by then; default false: it is done from now on.
    #[schema(value_type = Option<wire::Flag>)]
    wait: Member<'a>,
}

/// The clock was moved.
#[derive(Serialize, ToSchema)]
pub struct TestClockAnswer {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// The time now.
    now: String,
    /// With `wait`: customers that could not do what was due; they are asked again by and by.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_left: Option<u64>,
}

/// Move the test clock forward. What becomes due on the way is done, each thing as of its own time.
#[utoipa::path(
    post,
    path = "/admin/test_clock",
    tag = "admin",
    request_body = TestClockRequest,
    responses(
        (status = 200, description = "Moved", body = TestClockAnswer),
        (status = 400, description = "`not_a_test_clock`, `clock_backwards`", body = AdminErrorBody),
    ),
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
        let (to, wait) = read(&take(payload, BODY_MAX).await?)?;
        state.engine().move_clock(to)?;
        let due_left = if wait { Some(state.engine().settle_due().await?) } else { None };
        Ok((state.engine().now(), due_left))
    };
    match moved.await {
        Ok((now, due_left)) => {
            let now = now.write(TimeForm::Iso);
            HttpResponse::Ok().json(TestClockAnswer { status: "ok", now, due_left })
        }
        Err(error) => error.response(),
    }
}

fn read(body: &[u8]) -> Result<(Timestamp, bool), AdminError> {
    let request: TestClockRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let to = reader.required_time("now", request.now, &Zone::UTC);
    let wait = reader.flag("wait", request.wait).unwrap_or(false);
    faults.none_or((to, wait)).map_err(|faults| AdminError::invalid(&faults))
}
