//! Requests that are written once; only numbers in them change from one to the next.

use std::path::Path;

use crate::program::{Keys, RETAILER, STORE};

/// Digits of a number in a request; its places keep their width, so that the length of the body never changes.
const WIDTH: usize = 9;
const SALE: &str = "SSSSSSSSS";
const CUSTOMER: &str = "CCCCCCCCC";

/// The bytes of a request and the places of the numbers in it.
#[derive(Clone)]
pub struct Template {
    bytes: Vec<u8>,
    body_at: usize,
    sale_at: Vec<usize>,
    customer_at: Vec<usize>,
}

impl Template {
    /// A sale of three items, for the path it is posted to.
    pub fn sale(keys: &Keys, path: &str, time: &str) -> Self {
        let item = |line: u32, id: &str, price: &str| {
            format!(
                r#"{{"line_id":"{line}","item_id":"{id}","quantity":1,"unit_price":{price},"subtotal":{price}}}"#
            )
        };
        let items =
            [item(1, "1041453", "2.49"), item(2, "9878513", "12.99"), item(3, "1095275", "4.00")].join(",");
        let payment = format!(
            r#"{{"payment_id":"1","amount":19.48,"type":"Credit","payment_time":"{time}","user_id":"{CUSTOMER}","#
        ) + r#""user_id_type":"External_ID"}"#;
        let sale = [
            format!(r#"{{"transaction_id":"{SALE}","channel":"POS","is_closed":true,"is_voided":false,"#),
            format!(r#""subtotal":19.48,"tax_total":0,"open_time":"{time}","modified_time":"{time}","#),
            format!(r#""items":[{items}],"discounts":[],"payments":[{payment}]}}"#),
        ]
        .concat();
        let body = [
            format!(r#"{{"store_id":"{STORE}","client_id":"{RETAILER}","request_id":"bench-{SALE}","#),
            format!(r#""culture":"en-US","request_payload":{sale}}}"#),
        ]
        .concat();
        Self::new("POST", path, &keys.pos.authorization(), &body)
    }

    /// The creation of a customer.
    pub fn create(keys: &Keys) -> Self {
        let body = format!(r#"{{"user":{{"external_id":"{CUSTOMER}","email":"c{CUSTOMER}@example.test"}}}}"#);
        let path = format!("/priv/v1/apps/{}/users", keys.core.key);
        Self::new("POST", &path, &keys.core.authorization(), &body)
    }

    /// A look at a customer.
    pub fn read(keys: &Keys) -> Self {
        let path = format!("/priv/v1/apps/{}/external/users/{CUSTOMER}", keys.core.key);
        Self::new("GET", &path, &keys.core.authorization(), "")
    }

    /// A call of the admin interface.
    pub fn admin(keys: &Keys, path: &str) -> Self {
        Self::new("POST", path, &format!("Bearer {}", keys.admin_key), "{}")
    }

    /// The order to make a backup.
    pub fn begin_backup(keys: &Keys, folder: &Path) -> Self {
        let body = format!(r#"{{"folder":"{}"}}"#, folder.display());
        Self::new("POST", "/admin/backup", &format!("Bearer {}", keys.admin_key), &body)
    }

    /// A look at the backup.
    pub fn look_at_backup(keys: &Keys) -> Self {
        Self::new("GET", "/admin/backup", &format!("Bearer {}", keys.admin_key), "")
    }

    fn new(method: &str, path: &str, authorization: &str, body: &str) -> Self {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let text = format!("{head}{body}");
        let places = |mark: &str| text.match_indices(mark).map(|(at, _)| at).collect();
        Self {
            sale_at: places(SALE),
            customer_at: places(CUSTOMER),
            body_at: head.len(),
            bytes: text.into_bytes(),
        }
    }

    /// Writes the numbers; answers the whole request.
    pub fn fill(&mut self, sale: u64, customer: u64) -> &[u8] {
        write_all(&mut self.bytes, &self.sale_at, sale);
        write_all(&mut self.bytes, &self.customer_at, customer);
        &self.bytes
    }

    /// The same without the head: a line of a file.
    pub fn fill_body(&mut self, sale: u64, customer: u64) -> &[u8] {
        let head = self.body_at;
        &self.fill(sale, customer)[head..]
    }
}

fn write_all(bytes: &mut [u8], places: &[usize], number: u64) {
    const DIGITS: &[u8; 10] = b"0123456789";
    for &at in places {
        let mut rest = number;
        for place in bytes[at..at + WIDTH].iter_mut().rev() {
            *place = DIGITS[usize::try_from(rest % 10).expect("a digit is small")];
            rest /= 10;
        }
    }
}
