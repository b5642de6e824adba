//! The route table: every path, its verbs and who answers.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::header::{ALLOW, HeaderValue},
    middleware::from_fn,
    web::{self, ServiceConfig, get, post, put},
};

use crate::{
    admin::{self, AdminCode, AdminError},
    customers::{self, CoreCode, CoreError},
    edge::{RouteMeasures, edge},
    incentives::{self, IncentivesCode, IncentivesError},
    operations,
    pos::{self, PosCode, PosError},
    request_id::request_id,
    state::HttpState,
    transactions::{self, TransactionsCode, TransactionsError},
};

/// Adds all routes to an application; to be given to `App::configure`.
pub fn routes(state: HttpState) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let mut scope = web::scope("").wrap(from_fn(edge));
        for row in table(state.switches().bench_endpoint) {
            scope = scope.service(row.resource);
        }
        let unmatched = web::to(not_found);
        config
            .app_data(web::Data::new(state))
            .service(scope.service(operations::browser()).default_service(unmatched));
    }
}

/// A row of the route table.
struct Row {
    /// The path, as the OpenAPI document has it; nothing for a second spelling or what is not documented.
    #[cfg_attr(not(test), expect(dead_code, reason = "compared with the OpenAPI document by a test"))]
    documented: Option<(&'static str, &'static [&'static str])>,
    resource: Resource,
}

fn table(bench: bool) -> Vec<Row> {
    let mut table = core();
    table.extend(point_of_sale(bench));
    // Also without the prefix, as the platform's pages print the paths (incentives.md 1.1).
    for (prefix, documented) in [("/incentives", true), ("", false)] {
        for rows in [points, points_2, tiers, rules, ingest, privacy, standup, configuration] {
            table.extend(rows(prefix, documented));
        }
    }
    table.extend(sales());
    table.extend(administration());
    table.extend(operational());
    table
}

fn core() -> Vec<Row> {
    use customers::{create, retrieve, retrieve_external, update, update_external};
    let row = |path, name, verbs: &'static [&'static str], resource: fn(Resource) -> Resource| {
        let resource = resource(measured(path, name));
        let resource = match verbs {
            ["post"] => resource.default_service(web::to(core_takes_post)),
            _ => resource.default_service(web::to(core_takes_get_and_put)),
        };
        Row { documented: Some((path, verbs)), resource }
    };
    vec![
        row("/priv/v1/apps/{api_key}/users", "users", &["post"], |users| users.route(post().to(create))),
        row("/priv/v1/apps/{api_key}/users/{user_id}", "user", &["get", "put"], |user| {
            user.route(get().to(retrieve)).route(put().to(update))
        }),
        row(
            "/priv/v1/apps/{api_key}/external/users/{external_id}",
            "external_user",
            &["get", "put"],
            |user| user.route(get().to(retrieve_external)).route(put().to(update_external)),
        ),
    ]
}

fn point_of_sale(bench: bool) -> Vec<Row> {
    let row = |path, name, documented: bool, resource: fn(Resource) -> Resource| Row {
        documented: documented.then_some((path, &["post"])),
        resource: resource(measured(path, name)).default_service(web::to(pos_takes_post)),
    };
    let mut rows = vec![
        row("/api/2.0/send_transaction", "send_transaction", true, |sale| {
            sale.route(post().to(pos::send_transaction))
        }),
        row("/api/2.0/send_transactions", "send_transactions", true, |sales| {
            sales.route(post().to(pos::send_transactions))
        }),
    ];
    if bench {
        rows.push(row("/bench/parse", "bench_parse", false, |sale| sale.route(post().to(pos::bench_parse))));
    }
    rows
}

fn points(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{
        all_balances, balance, deposit, expirations, expire, explain, fetch_point_audit_logs, modify, spend,
        spend_multiple, transfer,
    };
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/user_points/deposit", "deposit", |points| points.route(post().to(deposit))),
        row("/incentives/api/1.0/user_points/spend", "spend", |points| points.route(post().to(spend))),
        row("/incentives/api/1.0/user_points/spend_multiple", "spend_multiple", |points| {
            points.route(post().to(spend_multiple))
        }),
        row("/incentives/api/1.0/user_points/transfer", "transfer", |points| {
            points.route(post().to(transfer))
        }),
        row("/incentives/api/1.0/user_points/modify", "modify", |points| points.route(post().to(modify))),
        row("/incentives/api/1.0/user_points/expire", "expire", |points| points.route(post().to(expire))),
        row("/incentives/api/1.0/user_points/expirations", "expirations", |points| {
            points.route(post().to(expirations))
        }),
        row("/incentives/api/1.0/user_points/balance", "balance", |points| points.route(post().to(balance))),
        row("/incentives/api/1.0/user_points/all_balances", "all_balances", |points| {
            points.route(post().to(all_balances))
        }),
        row(
            "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs",
            "fetch_point_audit_logs",
            |rows| rows.route(post().to(fetch_point_audit_logs)),
        ),
        row("/incentives/api/1.0/point_audit_logs/explain", "explain", |rows| rows.route(post().to(explain))),
    ]
}

/// Version 2.0 of the points: mostly the same under a second spelling, which the document does not repeat.
fn points_2(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{
        all_balances, balance, deposit_2, fetch_point_audit_logs, reverse, spend, spend_multiple, transfer,
    };
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    let again = |path, name, resource| incentives_row((prefix, false), path, name, resource);
    vec![
        row("/incentives/api/2.0/user_points/deposit", "deposit", |points| {
            points.route(post().to(deposit_2))
        }),
        row("/incentives/api/2.0/user_points/reverse", "reverse", |points| points.route(post().to(reverse))),
        again("/incentives/api/2.0/user_points/spend", "spend", |points| points.route(post().to(spend))),
        again("/incentives/api/2.0/user_points/spend_multiple", "spend_multiple", |points| {
            points.route(post().to(spend_multiple))
        }),
        again("/incentives/api/2.0/user_points/balance", "balance", |points| {
            points.route(post().to(balance))
        }),
        again("/incentives/api/2.0/user_points/all_balances", "all_balances", |points| {
            points.route(post().to(all_balances))
        }),
        again("/incentives/api/2.0/user_points/transfer", "transfer", |points| {
            points.route(post().to(transfer))
        }),
        again("/incentives/api/2.0/user_points/fetch_point_audit_logs", "fetch_point_audit_logs", |rows| {
            rows.route(post().to(fetch_point_audit_logs))
        }),
    ]
}

fn configuration(prefix: &str, documented: bool) -> Vec<Row> {
    let row = |(path, name, resource)| incentives_row((prefix, documented), path, name, resource);
    incentives::configuration_routes().into_iter().map(row).collect()
}

fn tiers(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{
        fetch_bulk_user_tiers, fetch_history, fetch_tier_members, fetch_user_tiers, maintenance, move_user,
        qualifying, remove_user,
    };
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/movement/move_user", "move_user", |move_| move_.route(post().to(move_user))),
        row("/incentives/api/1.0/movement/qualifying", "qualifying", |run| run.route(post().to(qualifying))),
        row("/incentives/api/1.0/movement/maintenance", "maintenance", |run| {
            run.route(post().to(maintenance))
        }),
        row("/incentives/api/1.0/movement/remove_user", "remove_user", |move_| {
            move_.route(post().to(remove_user))
        }),
        row("/incentives/api/1.0/movement/fetch_history", "fetch_movements", |rows| {
            rows.route(post().to(fetch_history))
        }),
        row("/incentives/api/1.0/user_tiers/fetch", "user_tiers", |tiers| {
            tiers.route(post().to(fetch_user_tiers))
        }),
        row("/incentives/api/1.0/user_tiers/fetch_bulk", "user_tiers_bulk", |tiers| {
            tiers.route(post().to(fetch_bulk_user_tiers))
        }),
        row("/incentives/api/1.0/user_tiers/fetch_members", "tier_members", |rows| {
            rows.route(post().to(fetch_tier_members))
        }),
    ]
}

fn rules(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{
        fetch_user_events, fetch_user_state, job_status, merge_user_state, reset_user_state, run_expiration,
        run_maintenance, set_counters, simulate_event, simulate_transaction, tier_progress,
        tier_progress_by_query, trigger_user_event, user_progress,
    };
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/user_events/trigger_user_event", "trigger_user_event", |event| {
            event.route(post().to(trigger_user_event))
        }),
        row("/incentives/api/1.0/trigger/run_expiration", "run_expiration", |run| {
            run.route(post().to(run_expiration))
        }),
        row("/incentives/api/1.0/trigger/run_maintenance", "run_maintenance", |run| {
            run.route(post().to(run_maintenance))
        }),
        row("/incentives/api/1.0/trigger/job_status", "job_status", |job| job.route(post().to(job_status))),
        row("/incentives/api/1.0/progress/rule_tree/user_progress", "user_progress", |progress| {
            progress.route(post().to(user_progress))
        }),
        row("/incentives/api/1.0/simulate_outcomes/transaction", "simulate_transaction", |sale| {
            sale.route(post().to(simulate_transaction))
        }),
        row("/incentives/api/1.0/simulate_outcomes/event", "simulate_event", |event| {
            event.route(post().to(simulate_event))
        }),
        row("/incentives/api/1.0/user_state/fetch", "fetch_user_state", |state| {
            state.route(post().to(fetch_user_state))
        }),
        row("/incentives/api/1.0/user_state/set_counters", "set_counters", |state| {
            state.route(post().to(set_counters))
        }),
        row("/incentives/api/1.0/user_state/reset", "reset_user_state", |state| {
            state.route(post().to(reset_user_state))
        }),
        row("/incentives/api/1.0/user_state/merge", "merge_user_state", |state| {
            state.route(post().to(merge_user_state))
        }),
        row("/incentives/api/1.0/user_events/fetch", "fetch_user_events", |events| {
            events.route(post().to(fetch_user_events))
        }),
        row("/incentives/api/1.0/progress/tier_system/user_progress", "tier_progress", |progress| {
            progress.route(post().to(tier_progress))
        }),
        // Paths are compared in lower case.
        Row {
            documented: documented
                .then_some(("/incentives/api/Progress/GetUserProgressByTierSystem", &["get"])),
            resource: measured(
                &format!("{prefix}/api/progress/getuserprogressbytiersystem"),
                "tier_progress",
            )
            .route(get().to(tier_progress_by_query))
            .default_service(web::to(incentives_takes_get)),
        },
    ]
}

fn privacy(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{erasure_status, export_user, forget_user};
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/gdpr/forget_user", "forget_user", |user| user.route(post().to(forget_user))),
        row("/incentives/api/1.0/gdpr/export_user", "export_user", |user| user.route(post().to(export_user))),
        row("/incentives/api/1.0/gdpr/status", "erasure_status", |erasure| {
            erasure.route(post().to(erasure_status))
        }),
    ]
}

fn ingest(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{ingest_batch, ingest_event, ingest_replay, ingest_status, ingest_transaction};
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/ingest/transaction", "ingest_transaction", |sale| {
            sale.route(post().to(ingest_transaction))
        }),
        row("/incentives/api/1.0/ingest/batch", "ingest_batch", |sales| sales.route(post().to(ingest_batch))),
        row("/incentives/api/1.0/ingest/event", "ingest_event", |events| {
            events.route(post().to(ingest_event))
        }),
        row("/incentives/api/1.0/ingest/status", "ingest_status", |sale| {
            sale.route(post().to(ingest_status))
        }),
        row("/incentives/api/1.0/ingest/replay", "ingest_replay", |sale| {
            sale.route(post().to(ingest_replay))
        }),
    ]
}

fn standup(prefix: &str, documented: bool) -> Vec<Row> {
    use incentives::{enable_standup_mode, seed_point_issuance_logs, set_standup_mode_expiration};
    let row = |path, name, resource| incentives_row((prefix, documented), path, name, resource);
    vec![
        row("/incentives/api/1.0/retailer_standup/enable_standup_mode", "enable_standup_mode", |mode| {
            mode.route(post().to(enable_standup_mode))
        }),
        row(
            "/incentives/api/1.0/retailer_standup/set_standup_mode_expiration_for_retailer",
            "set_standup_mode_expiration",
            |mode| mode.route(post().to(set_standup_mode_expiration)),
        ),
        row("/incentives/api/1.0/retailer_standup/seed_point_issuance_logs", "seed_points", |rows| {
            rows.route(post().to(seed_point_issuance_logs))
        }),
    ]
}

/// A row of the incentives domain, mounted under a prefix; documented under one of them.
fn incentives_row(
    (prefix, documented): (&str, bool),
    path: &'static str,
    name: &'static str,
    resource: fn(Resource) -> Resource,
) -> Row {
    let mounted = format!("{prefix}{}", path.strip_prefix("/incentives").unwrap_or(path));
    Row {
        documented: documented.then_some((path, &["post"])),
        resource: resource(measured(&mounted, name)).default_service(web::to(incentives_takes_post)),
    }
}

fn sales() -> Vec<Row> {
    use transactions::{get_store_transactions, get_transaction};
    let row = |path, name, resource: fn(Resource) -> Resource| Row {
        documented: Some((path, &["post"])),
        resource: resource(measured(path, name)).default_service(web::to(transactions_takes_post)),
    };
    vec![
        row("/transactions/api/1.0/transactions/info/get_transaction", "get_transaction", |sale| {
            sale.route(post().to(get_transaction))
        }),
        row(
            "/transactions/api/1.0/transactions/info/get_store_transactions",
            "get_store_transactions",
            |sales| sales.route(post().to(get_store_transactions)),
        ),
    ]
}

fn administration() -> Vec<Row> {
    use admin::{begin_backup, checkpoint, put_catalog, put_program, put_stores, show_backup, test_clock};
    let row = |path, name, verbs: &'static [&'static str], resource: fn(Resource) -> Resource| {
        let resource = resource(measured(path, name));
        let resource = match verbs {
            ["put"] => resource.default_service(web::to(admin_takes_put)),
            ["get", "post"] => resource.default_service(web::to(admin_takes_get_and_post)),
            _ => resource.default_service(web::to(admin_takes_post)),
        };
        Row { documented: Some((path, verbs)), resource }
    };
    vec![
        row("/admin/program", "admin_program", &["put"], |program| program.route(put().to(put_program))),
        row("/admin/stores", "admin_stores", &["put"], |stores| stores.route(put().to(put_stores))),
        row("/admin/catalog", "admin_catalog", &["put"], |catalog| catalog.route(put().to(put_catalog))),
        row("/admin/checkpoint", "admin_checkpoint", &["post"], |made| made.route(post().to(checkpoint))),
        row("/admin/backup", "admin_backup", &["get", "post"], |backup| {
            backup.route(get().to(show_backup)).route(post().to(begin_backup))
        }),
        row("/admin/test_clock", "admin_test_clock", &["post"], |clock| clock.route(post().to(test_clock))),
    ]
}

fn operational() -> Vec<Row> {
    use operations::{document, healthz, metrics, readyz, to_browser};
    let row = |path, name, documented: bool, resource: fn(Resource) -> Resource| Row {
        documented: documented.then_some((path, &["get"])),
        resource: resource(measured(path, name)).default_service(web::to(takes_get)),
    };
    vec![
        row("/healthz", "healthz", true, |health| health.route(get().to(healthz))),
        row("/readyz", "readyz", true, |ready| ready.route(get().to(readyz))),
        row("/metrics", "metrics", true, |figures| figures.route(get().to(metrics))),
        row("/openapi.json", "openapi", false, |openapi| openapi.route(get().to(document))),
        row("/docs", "docs", false, |docs| docs.route(get().to(to_browser))),
    ]
}

fn measured(path: &str, name: &'static str) -> Resource {
    web::resource(path.to_owned()).app_data(RouteMeasures::of(name))
}

fn allowing(mut response: HttpResponse, verbs: &'static str) -> HttpResponse {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(verbs));
    response
}

fn core_refusal(request: &HttpRequest, state: &HttpState, code: CoreCode, message: &str) -> HttpResponse {
    CoreError::new(code, message)
        .response(state.switches().error_http_mode, &request_id(request, "X-Request-Id"))
}

async fn core_takes_post(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    allowing(core_refusal(&request, &state, CoreCode::MethodNotAllowed, "the path takes POST"), "POST")
}

async fn core_takes_get_and_put(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    allowing(
        core_refusal(&request, &state, CoreCode::MethodNotAllowed, "the path takes GET and PUT"),
        "GET, PUT",
    )
}

async fn pos_takes_post(state: web::Data<HttpState>) -> HttpResponse {
    PosError::new(PosCode::MethodNotAllowed, "the path takes POST").response(state.switches().pos_http_errors)
}

async fn incentives_takes_post() -> HttpResponse {
    IncentivesError::new(IncentivesCode::MethodNotAllowed, "The path takes POST.").response()
}

async fn incentives_takes_get() -> HttpResponse {
    allowing(IncentivesError::new(IncentivesCode::MethodNotAllowed, "The path takes GET.").response(), "GET")
}

async fn transactions_takes_post(request: HttpRequest) -> HttpResponse {
    let id = request_id(&request, "X-Correlation-Id");
    TransactionsError::new(TransactionsCode::MethodNotAllowed, "The path takes POST.").response(&id)
}

async fn admin_takes_put() -> HttpResponse {
    allowing(AdminError::new(AdminCode::MethodNotAllowed, "the path takes PUT").response(), "PUT")
}

async fn admin_takes_post() -> HttpResponse {
    allowing(AdminError::new(AdminCode::MethodNotAllowed, "the path takes POST").response(), "POST")
}

async fn takes_get() -> HttpResponse {
    allowing(HttpResponse::MethodNotAllowed().finish(), "GET")
}

async fn admin_takes_get_and_post() -> HttpResponse {
    let refused = AdminError::new(AdminCode::MethodNotAllowed, "the path takes GET and POST").response();
    allowing(refused, "GET, POST")
}

async fn not_found(request: HttpRequest, state: web::Data<HttpState>) -> HttpResponse {
    if request.path().starts_with("/admin") {
        return AdminError::new(AdminCode::NotFound, "no such route").response();
    }
    core_refusal(&request, &state, CoreCode::NotFound, "no such route")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::table;
    use crate::operations::openapi_document;

    #[test]
    fn the_openapi_document_has_every_route_and_no_other() {
        let routed: BTreeSet<(String, String)> = table(false)
            .iter()
            .filter_map(|row| row.documented)
            .flat_map(|(path, verbs)| verbs.iter().map(move |verb| (path.to_owned(), (*verb).to_owned())))
            .collect();
        let document = openapi_document();
        let mut documented = BTreeSet::new();
        for (path, verbs) in document["paths"].as_object().unwrap() {
            let verbs = verbs.as_object().unwrap().keys().filter(|verb| *verb != "parameters");
            documented.extend(verbs.map(|verb| (path.clone(), verb.clone())));
        }
        assert_eq!(routed, documented);
    }

    #[test]
    fn every_schema_that_the_document_refers_to_is_in_it() {
        let document = openapi_document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let marker = "#/components/schemas/";
        for reference in text.split(marker).skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is referred to and not there");
        }
        assert!(schemas.contains_key("User") && schemas.contains_key("SendTransactionPayload"));
    }
}
