//! What discounts take off each line (incentives.md 6.6: "allocated discounts").

use super::Content;
use crate::amount::{AmountError, Money, Rounding, divide_rounded};

/// Per line, in the order of the items, what all discounts take off it. A discount is spread over its lines in
/// proportion to their subtotals, cut to the cent, the remainder to its last line; without lines it is spread over
/// the whole sale.
pub fn line_discounts(content: &Content) -> Result<Vec<Money>, AmountError> {
    let mut taken = vec![Money::ZERO; content.items.len()];
    for discount in &content.discounts {
        let everywhere = discount.discounted_line_ids.is_empty();
        let lines: Vec<_> = (0..content.items.len())
            .filter(|&line| everywhere || discount.discounted_line_ids.contains(&content.items[line].line_id))
            .collect();
        let total = Money::sum(lines.iter().map(|&line| content.items[line].subtotal))?;
        let Some((&last, others)) = lines.split_last() else { continue };
        if !total.is_positive() {
            continue;
        }
        let mut left = discount.amount;
        for &line in others {
            const CENT: i128 = 100;
            let scaled = discount
                .amount
                .wide()
                .checked_mul(content.items[line].subtotal.wide())
                .ok_or(AmountError::OutOfRange)?;
            let part = Money::from_wide(divide_rounded(scaled, total.wide() * CENT, Rounding::Down)? * CENT)?;
            taken[line] = taken[line].plus(part)?;
            left = left.minus(part)?;
        }
        taken[last] = taken[last].plus(left)?;
    }
    Ok(taken)
}
