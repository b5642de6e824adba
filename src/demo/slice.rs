//! The packaged sales: reads `demo/grocery-slice.gz`, whose format is written down in `demo/make_slice.py`.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use serde_json::json;
use uuid::Uuid;

const PACKED: &[u8] = include_bytes!("../../demo/grocery-slice.gz");
const FORMAT: &str = "1";

/// A month of a grocer's most loyal households.
pub(super) struct Slice {
    /// Whose sales they are.
    pub retailer_id: Uuid,
    /// Epoch seconds that the sales' times count from.
    pub origin: i64,
    pub stores: Vec<Store>,
    pub items: Vec<Item>,
    /// External ids.
    pub members: Vec<Box<str>>,
    /// In order of time.
    pub sales: Vec<Sale>,
}

pub(super) struct Store {
    pub id: Uuid,
    number: Box<str>,
}

pub(super) struct Item {
    pub id: Box<str>,
    /// Nothing: it is sold, but in no catalog.
    listing: Option<Listing>,
}

struct Listing {
    name: Box<str>,
    category: Box<str>,
    department: Box<str>,
    brand: Box<str>,
}

pub(super) struct Sale {
    pub transaction_id: Box<str>,
    pub member: usize,
    pub store: usize,
    /// Seconds since the origin.
    pub seconds: i64,
    pub lines: Vec<SaleLine>,
}

pub(super) struct SaleLine {
    pub item: usize,
    pub quantity: u32,
    /// What the line costs in all.
    pub cents: u32,
}

/// Why the packaged sales cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SliceError {
    #[error("they do not unpack: {0}")]
    Packing(#[from] io::Error),
    #[error("line {0} is malformed")]
    Line(usize),
    #[error("a list is not as long as the first line says")]
    Length,
}

impl Slice {
    /// Unpacks the sales that come with the program.
    pub(super) fn packaged() -> Result<Self, SliceError> {
        let mut text = String::new();
        GzDecoder::new(PACKED).read_to_string(&mut text)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, SliceError> {
        let mut lines = text.lines();
        let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let (mut slice, lengths) = header(&head).ok_or(SliceError::Line(1))?;
        for (at, line) in lines.enumerate() {
            let fields: Vec<&str> = line.split('\t').collect();
            slice.add(&fields).ok_or(SliceError::Line(at + 2))?;
        }
        let lines = slice.sales.iter().map(|sale| sale.lines.len()).sum();
        let found = [slice.stores.len(), slice.items.len(), slice.members.len(), slice.sales.len(), lines];
        if found == lengths { Ok(slice) } else { Err(SliceError::Length) }
    }

    fn add(&mut self, fields: &[&str]) -> Option<()> {
        match *fields {
            ["s", id, number] => self.stores.push(Store { id: id.parse().ok()?, number: number.into() }),
            ["i", id, name, category, department, brand] => {
                let listing = Listing {
                    name: name.into(),
                    category: category.into(),
                    department: department.into(),
                    brand: brand.into(),
                };
                self.items.push(Item { id: id.into(), listing: Some(listing) });
            }
            ["u", id] => self.items.push(Item { id: id.into(), listing: None }),
            ["m", external_id] => self.members.push(external_id.into()),
            ["t", id, member, store, seconds, lines] => {
                let sale = Sale {
                    transaction_id: id.into(),
                    member: position(member, self.members.len())?,
                    store: position(store, self.stores.len())?,
                    seconds: seconds.parse().ok()?,
                    lines: lines.split(',').map(|line| self.sale_line(line)).collect::<Option<_>>()?,
                };
                self.sales.push(sale);
            }
            _ => return None,
        }
        Some(())
    }

    fn sale_line(&self, text: &str) -> Option<SaleLine> {
        let (item, rest) = text.split_once(':')?;
        let (quantity, cents) = rest.split_once(':')?;
        Some(SaleLine {
            item: position(item, self.items.len())?,
            quantity: quantity.parse().ok()?,
            cents: cents.parse().ok()?,
        })
    }

    /// Epoch seconds of the last sale.
    pub(super) fn last_sale(&self) -> i64 {
        self.origin + self.sales.last().map_or(0, |sale| sale.seconds)
    }

    /// The stores as `PUT /admin/stores` takes them.
    pub(super) fn stores_text(&self) -> String {
        let stores = self.stores.iter().map(|store| {
            let name = format!("Store {}", store.number);
            json!({"store_id": store.id, "number": store.number, "name": name, "time_zone": "UTC"})
        });
        serde_json::Value::from_iter(stores).to_string()
    }

    /// The catalog as `PUT /admin/catalog` takes it.
    pub(super) fn catalog_text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            let Some(listing) = &item.listing else { continue };
            let item = json!({"item_id": item.id, "name": listing.name, "category": listing.category,
                              "department": listing.department, "brand": listing.brand});
            text.push_str(&item.to_string());
            text.push('\n');
        }
        text
    }
}

/// A member as `members load` takes it.
pub(super) fn member_text(external_id: &str) -> String {
    json!({"external_id": external_id, "email": format!("household-{external_id}@example.test")}).to_string()
}

fn header(fields: &[&str]) -> Option<(Slice, [usize; 5])> {
    let ["laurel-slice", FORMAT, retailer_id, origin, lengths @ ..] = fields else { return None };
    let lengths: Vec<usize> = lengths.iter().map(|length| length.parse().ok()).collect::<Option<_>>()?;
    let slice = Slice {
        retailer_id: retailer_id.parse().ok()?,
        origin: origin.parse().ok()?,
        stores: Vec::new(),
        items: Vec::new(),
        members: Vec::new(),
        sales: Vec::new(),
    };
    Some((slice, lengths.try_into().ok()?))
}

fn position(text: &str, length: usize) -> Option<usize> {
    text.parse().ok().filter(|at| *at < length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packaged_sales_are_whole_and_in_order_of_time() {
        let slice = Slice::packaged().unwrap();
        assert_eq!((slice.members.len(), slice.stores.len()), (200, 108));
        assert!(slice.sales.is_sorted_by_key(|sale| sale.seconds));
        assert!(slice.sales.iter().all(|sale| !sale.lines.is_empty()));
        assert_eq!(
            slice.catalog_text().lines().count(),
            slice.items.iter().filter(|i| i.listing.is_some()).count()
        );
    }

    #[test]
    fn damage_is_noticed() {
        let head = "laurel-slice\t1\t6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10\t0\t1\t1\t1\t1\t1\n";
        let rest = "s\t2449b31e-68d5-578a-9099-bed916663531\t27\nu\t7\nm\t900\nt\tT\t0\t0\t5\t0:1:50\n";
        assert!(Slice::parse(&format!("{head}{rest}")).is_ok());
        let wrong = |rest: &str| Slice::parse(&format!("{head}{rest}")).err();
        assert!(matches!(wrong(&rest.replace("m\t900\n", "")), Some(SliceError::Line(4))));
        assert!(matches!(wrong(&format!("{rest}m\t901\n")), Some(SliceError::Length)));
        assert!(matches!(wrong(&rest.replace("0:1:50", "1:1:50")), Some(SliceError::Line(5))));
        assert!(matches!(Slice::parse("").err(), Some(SliceError::Line(1))));
    }
}
