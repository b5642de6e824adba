//! The retailer and its switches.

use super::{
    super::{
        DemotionMode, Retailer, Switches,
        document::{self, Field},
    },
    Path, ProblemCode, Report, places,
    report::UNKNOWN_RETAILER,
};
use crate::time::Zone;

const RETAILER: Path<'static> = Path::Member(&Path::Root, "retailer");
const SWITCHES: Path<'static> = Path::Member(&RETAILER, "switches");
/// A century: more would not keep sales longer, only hide a slip.
const BACKDATE_DAYS_MAX: i64 = 36_500;

pub(super) fn retailer(field: Field<document::Retailer>, report: &mut Report) -> Retailer {
    let document = report.required(&Path::Root, "retailer", field).unwrap_or_default();
    let id = report.required(&RETAILER, "retailer_id", document.retailer_id);
    if id == Some(UNKNOWN_RETAILER) {
        report.add(
            &RETAILER.member("retailer_id"),
            ProblemCode::InvalidValue,
            "the zero GUID is no retailer",
        );
    }
    let switches = report.optional(&RETAILER, "switches", document.switches).unwrap_or_default();
    Retailer {
        id: id.unwrap_or(UNKNOWN_RETAILER),
        name: report.name(&RETAILER, "name", document.name),
        zone: places::zone(&RETAILER, document.time_zone, &Zone::UTC, report),
        culture: report
            .optional(&RETAILER, "culture", document.culture)
            .unwrap_or_else(|| "en-US".to_owned()),
        currency: report.optional(&RETAILER, "currency", document.currency).unwrap_or_default(),
        switches: self::switches(switches, report),
    }
}

fn switches(document: document::Switches, report: &mut Report) -> Switches {
    let defaults = Switches::default();
    fixed(report, "emit_zone_suffix", document.emit_zone_suffix, &false);
    fixed(report, "source_limit_window", document.source_limit_window, &"rolling".to_owned());
    let demotion_mode = demotion_mode(document.demotion_mode, report);
    let days = report.number(
        &SWITCHES,
        "max_backdate_days",
        document.max_backdate_days,
        0..=BACKDATE_DAYS_MAX,
        i64::from(defaults.max_backdate_days),
    );
    let mut switch = |name, field, default| report.optional(&SWITCHES, name, field).unwrap_or(default);
    Switches {
        include_tax: switch("include_tax", document.include_tax, defaults.include_tax),
        exclude_points_payments: switch(
            "exclude_points_payments",
            document.exclude_points_payments,
            defaults.exclude_points_payments,
        ),
        restore_on_return: switch(
            "restore_on_return",
            document.restore_on_return,
            defaults.restore_on_return,
        ),
        overdraft_without_force: switch(
            "overdraft_without_force",
            document.overdraft_without_force,
            defaults.overdraft_without_force,
        ),
        dedupe_on_reference: switch(
            "dedupe_on_reference",
            document.dedupe_on_reference,
            defaults.dedupe_on_reference,
        ),
        max_backdate_days: u32::try_from(days).unwrap_or(defaults.max_backdate_days),
        demote_on_return: switch("demote_on_return", document.demote_on_return, defaults.demote_on_return),
        grant_intermediate_levels: switch(
            "grant_intermediate_levels",
            document.grant_intermediate_levels,
            defaults.grant_intermediate_levels,
        ),
        demotion_mode,
    }
}

fn demotion_mode(field: Field<String>, report: &mut Report) -> DemotionMode {
    let mode = report.optional(&SWITCHES, "demotion_mode", field);
    match mode.as_deref() {
        None | Some("one_level") => DemotionMode::OneLevel,
        Some("to_qualified") => DemotionMode::ToQualified,
        Some(_) => {
            let message = "must be one_level or to_qualified";
            report.add(&SWITCHES.member("demotion_mode"), ProblemCode::InvalidValue, message);
            DemotionMode::OneLevel
        }
    }
}

/// A switch of the platform that has only one position here.
fn fixed<T: PartialEq>(report: &mut Report, name: &'static str, field: Field<T>, position: &T) {
    if report.optional(&SWITCHES, name, field).is_some_and(|value| value != *position) {
        let message = "only the default of this switch works so far, the other position is not supported yet";
        report.add(&SWITCHES.member(name), ProblemCode::NotSupported, message);
    }
}
