//! The OpenAPI document, made of the annotations at the handlers and their types.

use serde_json::Value;
use utoipa::{Modify, OpenApi};

use super::{leniency::say_nothing, surfaces::Surfaces};
use crate::{admin, customers, incentives, operations, pos, transactions};

/// The document.
pub fn document() -> Value {
    let mut document = Document::openapi();
    document.merge(incentives::configuration_document());
    Surfaces.modify(&mut document);
    let mut document = serde_json::to_value(document).unwrap_or_default();
    say_nothing(&mut document);
    document
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Laurel",
        description = "A customer-loyalty engine that a retailer runs itself. \
                       Each surface has its own key pair; amounts are exact decimal numbers."
    ),
    paths(
        customers::create,
        customers::retrieve,
        customers::update,
        customers::retrieve_external,
        customers::update_external,
        pos::send_transaction,
        pos::send_transactions,
        incentives::deposit,
        incentives::deposit_2,
        incentives::spend,
        incentives::spend_multiple,
        incentives::transfer,
        incentives::modify,
        incentives::expire,
        incentives::expirations,
        incentives::reverse,
        incentives::balance,
        incentives::all_balances,
        incentives::fetch_point_audit_logs,
        incentives::move_user,
        incentives::qualifying,
        incentives::maintenance,
        incentives::remove_user,
        incentives::fetch_history,
        incentives::fetch_user_tiers,
        incentives::fetch_bulk_user_tiers,
        incentives::fetch_tier_members,
        incentives::trigger_user_event,
        incentives::fetch_user_events,
        incentives::run_expiration,
        incentives::run_maintenance,
        incentives::job_status,
        incentives::user_progress,
        incentives::tier_progress,
        incentives::tier_progress_by_query,
        incentives::fetch_user_state,
        incentives::explain,
        incentives::simulate_transaction,
        incentives::simulate_event,
        incentives::forget_user,
        incentives::export_user,
        incentives::erasure_status,
        incentives::ingest_transaction,
        incentives::ingest_batch,
        incentives::ingest_event,
        incentives::ingest_status,
        incentives::ingest_replay,
        incentives::enable_standup_mode,
        incentives::set_standup_mode_expiration,
        incentives::seed_point_issuance_logs,
        incentives::set_counters,
        incentives::reset_user_state,
        incentives::merge_user_state,
        transactions::get_transaction,
        transactions::get_store_transactions,
        admin::put_program,
        admin::put_stores,
        admin::put_catalog,
        admin::checkpoint,
        admin::begin_backup,
        admin::show_backup,
        admin::test_clock,
        operations::healthz,
        operations::readyz,
        operations::metrics,
    ),
    tags(
        (name = "customers", description = "The core surface: `/priv/v1/apps/{api_key}`"),
        (name = "pos", description = "The point of sale: `/api/2.0`"),
        (name = "incentives", description = "Points, tiers, rules: `/incentives/api/1.0`, also without `/incentives`"),
        (name = "transactions", description = "Sales read back: `/transactions/api/1.0`"),
        (name = "admin", description = "The retailer's program"),
        (name = "operations", description = "Health and figures"),
    ),
)]
struct Document;
