//! Members who register after they were named on a sale: they have their part of it, if they come within thirty days.

use domain::{
    identifier::Identifier,
    sale::{LATE_REGISTRATION_MS, Sale, SalesWarning},
};

use super::{Model, Sight};
use crate::{
    report::{Violation, hold},
    workload::request::Request,
};

/// Sales older than this are not evaluated, unless the program says otherwise.
const BACKDATE_MS: i64 = 90 * 86_400_000;

/// Whoever is named on the version in force and is a member is a payer of it.
pub(super) fn check(model: &Model, sight: &Sight, sale: &Sale) -> Result<(), Violation> {
    let (Some(current), Some(sold)) = (sale.current(), sale.business_time()) else { return Ok(()) };
    if current.content.is_voided || current.warnings.contains(&SalesWarning::TooOld) || model.was_set_back {
        return Ok(());
    }
    for (place, payment) in (0_u16..).zip(&current.content.payments) {
        let is_paid = current.payers.iter().any(|payer| payer.payment == Some(place));
        let Some(user) = payment.user.as_ref().filter(|_| !is_paid) else { continue };
        let holder = sight.holders.get(&Identifier::external(&user.id)).copied().flatten();
        if holder.is_none() {
            continue;
        }
        // Whoever came before a leap of the clock may have become known behind it.
        let in_time = model.latest <= current.recorded.plus_millis(LATE_REGISTRATION_MS)
            && model.latest <= sold.plus_millis(BACKDATE_MS);
        hold!(
            !in_time || model.was_erased(&user.id),
            "{} is a member, and has no part of {}",
            user.id,
            current.content.transaction_id
        );
    }
    Ok(())
}

impl Model {
    /// Somebody with this external id may have been erased: sales have forgotten the name.
    fn was_erased(&self, external_id: &str) -> bool {
        self.asked.values().any(|asked| match &asked.request {
            Request::Erase { external, .. } => external == external_id,
            _ => false,
        })
    }
}
