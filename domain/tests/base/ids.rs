//! Ids: any letter case in, lower case out; derived ids stay what they are (catalog-transactions.md A.3).

use std::collections::HashSet;

use laurel_domain::{
    id::{CustomerId, IdRun, IdentifierId, InvalidId, RetailerId, SaleId, StoreId},
    identifier::Identifier,
};
use uuid::Uuid;

#[test]
fn every_spelling_of_a_guid_is_the_same_id() {
    let plain: CustomerId = "8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d10".parse().unwrap();
    for text in [
        "8F1C2C52-4B7E-4A83-9C11-7D1F7A4F0D10",
        "{8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d10}",
        "{8F1C2C52-4B7E-4A83-9C11-7D1F7A4F0D10}",
        "  8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d10 ",
    ] {
        assert_eq!(text.parse(), Ok(plain), "{text}");
    }
    assert_eq!(plain.to_string(), "8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d10");
    assert_eq!(CustomerId::from_bytes(plain.bytes()), plain);
}

#[test]
fn other_texts_are_no_guids() {
    for text in
        ["", "member-8812", "8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d1", "8f1c2c52-4b7e-4a83-9c11-7d1f7a4f0d1g"]
    {
        assert_eq!(text.parse::<CustomerId>(), Err(InvalidId), "{text}");
    }
}

fn retailer(n: u128) -> RetailerId {
    RetailerId(Uuid::from_u128(n))
}

fn store(n: u128) -> StoreId {
    StoreId(Uuid::from_u128(n))
}

/// Stored ids depend on the derivation: these values may never change.
#[test]
fn derived_ids_are_what_they_always_were() {
    let sale = SaleId::derive(retailer(1), store(2), "T-88213");
    assert_eq!(sale.to_string(), "7feefe84-8819-5496-b4fc-43f9e1a631c0");
    assert_eq!(IdentifierId::derive(b'e', "a@b.test").to_string(), "fed0031b-516a-5f64-911f-5b066d91e5ed");
}

#[test]
fn a_sale_is_named_by_retailer_store_and_the_tills_id() {
    let ids: HashSet<_> = [
        SaleId::derive(retailer(1), store(2), "T-1"),
        SaleId::derive(retailer(2), store(2), "T-1"),
        SaleId::derive(retailer(1), store(3), "T-1"),
        SaleId::derive(retailer(1), store(2), "T-2"),
        SaleId::derive(retailer(1), store(2), "t-1"),
    ]
    .into();
    assert_eq!(ids.len(), 5);
}

#[test]
fn identifiers_are_compared_in_their_normal_form() {
    assert_eq!(Identifier::email(" Ada@Example.TEST ").id(), Identifier::email("ada@example.test").id());
    assert_ne!(Identifier::external("C-1").id(), Identifier::external("c-1").id());
    assert_ne!(Identifier::external("a@b.test").id(), Identifier::email("a@b.test").id());
}

#[test]
fn a_run_counts_without_touching_version_and_variant() {
    let first = Uuid::from_u128(0x0190_0000_0000_7abc_8def_ffff_ffff_fffe);
    let run = IdRun::starting_at(first);
    assert_eq!(run.nth(0), first);
    let ids: HashSet<_> = (0..1_000).map(|n| run.nth(n)).collect();
    assert_eq!(ids.len(), 1_000);
    for id in ids {
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!(id.as_u128() >> 48, first.as_u128() >> 48);
    }
}
