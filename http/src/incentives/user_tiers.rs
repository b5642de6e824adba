//! `POST /incentives/api/1.0/user_tiers/...`: the levels customers hold, and the customers in a level (incentives.md
//! 7.8).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    customer::Customer,
    id::{RetailerId, TierLevelId, TierSystemId},
    program::Program,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    objects::{UserTierObject, user_tiers_of},
    request::{IncentivesAnswer, Named, Paging, admit_retailer, answer, find_user, no_such_customer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Customers of one call at most.
const USERS_MAX: usize = 100;

/// Whose levels.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserTiersRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// In these systems only; default: in all.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    tier_system_ids: Member<'a>,
    /// With the way to the next level; default true.
    #[schema(value_type = Option<wire::Flag>)]
    include_progress: Member<'a>,
    /// Also in systems that are not live; default false.
    #[schema(value_type = Option<wire::Flag>)]
    include_inactive: Member<'a>,
}

/// The levels of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserTiersPayload {
    /// The customer, as named by the caller.
    user_id: String,
    /// One for each system; none when there is no live one.
    tier_levels: Vec<UserTierObject>,
}

/// The levels that a customer holds.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_tiers/fetch",
    tag = "incentives",
    request_body = UserTiersRequest,
    responses(
        (status = 200, description = "The levels", body = IncentivesAnswer<UserTiersPayload>),
        (status = 404, description = "No such customer or system", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_user_tiers(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, wanted) = read(&body)?;
        let customer = named.resolve(state).await?;
        let program = state.program();
        if wanted.systems.iter().any(|system| program.tier_system(*system).is_none()) {
            return Err(IncentivesError::new(IncentivesCode::TierSystemNotFound, "No such tier system."));
        }
        let form = state.incentives_times();
        let view = move |held: &Customer, program: &Program, now| {
            let mut tiers = user_tiers_of(held, &customer.to_string(), program, now, form);
            tiers.retain(|tier| wanted.covers(tier, program));
            if !wanted.progress {
                tiers.iter_mut().for_each(UserTierObject::drop_progress);
            }
            tiers
        };
        let seen = state.engine().read_customer(customer, view).await?;
        Ok(UserTiersPayload { user_id: named.user_id, tier_levels: seen.ok_or_else(no_such_customer)? })
    })
    .await
}

/// Which levels to show, and how.
struct Wanted {
    systems: Vec<TierSystemId>,
    progress: bool,
    inactive: bool,
}

impl Wanted {
    fn covers(&self, tier: &UserTierObject, program: &Program) -> bool {
        let system =
            program.tier_systems().iter().find(|system| system.id.to_string() == tier.tier_system_id);
        system.is_some_and(|system| {
            (self.inactive || system.live) && (self.systems.is_empty() || self.systems.contains(&system.id))
        })
    }
}

fn read(body: &[u8]) -> Result<(Named, Wanted), IncentivesError> {
    let request: UserTiersRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let wanted = Wanted {
        systems: reader
            .elements("tier_system_ids", request.tier_system_ids, |reader, id| reader.guid("", id)),
        progress: reader.flag("include_progress", request.include_progress).unwrap_or(true),
        inactive: reader.flag("include_inactive", request.include_inactive).unwrap_or(false),
    };
    faults.none_or((named, wanted)).map_err(|faults| IncentivesError::invalid(&faults))
}

/// Whose levels.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BulkUserTiersRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// 1 to 100 customers, by the platform's id or any id in another system.
    #[schema(value_type = Vec<Option<wire::Key>>, max_items = 100)]
    user_ids: Member<'a>,
}

/// The levels of several customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkUserTiersPayload {
    /// Those that are known, in the order of the request.
    results: Vec<UserTiersPayload>,
}

/// The levels that several customers hold, without the way to the next.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_tiers/fetch_bulk",
    tag = "incentives",
    request_body = BulkUserTiersRequest,
    responses(
        (status = 200, description = "The levels; unknown customers are left out",
         body = IncentivesAnswer<BulkUserTiersPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_bulk_user_tiers(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: BulkUserTiersRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        reader.require("user_ids", request.user_ids);
        let users = reader.elements("user_ids", request.user_ids, |reader, id| {
            reader.key("", id).map(std::borrow::Cow::into_owned)
        });
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        if users.len() > USERS_MAX {
            return Err(IncentivesError::new(IncentivesCode::TooManyUsers, "At most 100 user_ids."));
        }
        let form = state.incentives_times();
        let mut results = Vec::with_capacity(users.len());
        for user_id in users {
            let Some(customer) = find_user(state, &user_id).await? else { continue };
            let view = move |held: &Customer, program: &Program, now| {
                let mut tiers = user_tiers_of(held, &customer.to_string(), program, now, form);
                let all = Wanted { systems: Vec::new(), progress: false, inactive: false };
                tiers.retain(|tier| all.covers(tier, program));
                tiers.iter_mut().for_each(UserTierObject::drop_progress);
                tiers
            };
            let seen = state.engine().read_customer(customer, view).await?;
            results.extend(seen.map(|tier_levels| UserTiersPayload { user_id, tier_levels }));
        }
        Ok(BulkUserTiersPayload { results })
    })
    .await
}

/// Which level, which page.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MembersRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The level. Required.
    #[schema(value_type = wire::Guid)]
    tier_level_id: Member<'a>,
    /// Members to pass over; default 0.
    #[schema(value_type = Option<wire::Skip>)]
    skip: Member<'a>,
    /// Members to give, at most 1,000; default 50.
    #[schema(value_type = Option<wire::Take>)]
    take: Member<'a>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembersPayload {
    /// Members on all pages.
    total_records: usize,
    /// The page, by id.
    results: Vec<TierMember>,
}

/// A customer in a level.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierMember {
    /// The customer.
    user_id: String,
    /// When the level was joined.
    join_date: String,
}

/// The customers in a level.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_tiers/fetch_members",
    tag = "incentives",
    request_body = MembersRequest,
    responses(
        (status = 200, description = "A page of members; reviews that are due and not yet done do not show",
         body = IncentivesAnswer<MembersPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such level", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_tier_members(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: MembersRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let level: Option<TierLevelId> = reader.required_guid("tier_level_id", request.tier_level_id);
        let paging = Paging::read(request.skip, request.take, &mut reader);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        paging.check()?;
        admit_retailer(state, retailer)?;
        let program = state.program();
        let known =
            level.filter(|id| program.tier_systems().iter().any(|system| system.level(*id).is_some()));
        let Some(level) = known else {
            return Err(IncentivesError::new(IncentivesCode::TierLevelNotFound, "No such tier level."));
        };
        let page = state.engine().tier_members(level, paging.skip, paging.take).await?;
        let form = state.incentives_times();
        let member = |(customer, joined): &(domain::id::CustomerId, domain::Timestamp)| TierMember {
            user_id: customer.to_string(),
            join_date: joined.write(form),
        };
        Ok(MembersPayload { total_records: page.total, results: page.members.iter().map(member).collect() })
    })
    .await
}
