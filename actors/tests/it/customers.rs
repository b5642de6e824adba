//! Customers and their identifiers.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

use domain::{customer::ExternalId, id::CustomerId, identifier::Identifier};
use laurel_actors::{CreateError, Engine, EraseError, Erasure, UpdateError};
use store::MemoryDisk;

use crate::support::{member, profile, run, start, stop};

#[test]
fn a_customer_is_found_by_every_identifier_before_and_after_a_restart() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        let mut ann = profile("ann");
        ann.email = Some("Ann@Example.com".into());
        ann.identifiers.push(ExternalId { value: "card-7".into(), kind: Some("card".into()) });
        let id = engine.create_customer(ann).await.unwrap();
        let names = [
            Identifier::external("ann"),
            Identifier::external("card-7"),
            Identifier::email(" ann@example.COM"),
        ];
        for name in &names {
            assert_eq!(engine.find_customer(name).await.unwrap(), Some(id), "{name:?}");
        }
        stop(&engine).await;
        let engine = start(&disk.copy()).await;
        for name in &names {
            assert_eq!(engine.find_customer(name).await.unwrap(), Some(id), "{name:?} after a restart");
        }
        assert_eq!(engine.find_customer(&Identifier::external("nobody")).await.unwrap(), None);
    });
}

#[test]
fn of_many_who_want_one_identifier_one_gets_it() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let mut tries = Vec::new();
        for number in 0..64 {
            let engine = engine.clone();
            let mut wanted = profile(&format!("racer-{number}"));
            wanted.email = Some("one@example.com".into());
            tries.push(actix::spawn(async move { engine.create_customer(wanted).await }));
        }
        let (mut created, mut taken) = (Vec::new(), 0);
        for done in tries {
            match done.await.unwrap() {
                Ok(id) => created.push(id),
                Err(CreateError::Taken(clashes)) => {
                    assert_eq!(clashes[0].identifier, Identifier::email("one@example.com"));
                    taken += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((created.len(), taken), (1, 63));
        assert_eq!(
            engine.find_customer(&Identifier::email("one@example.com")).await.unwrap(),
            Some(created[0])
        );
        // Those who were refused keep nothing: their own ids are free.
        let mut free = 0;
        for number in 0..64 {
            if engine.create_customer(profile(&format!("racer-{number}"))).await.is_ok() {
                free += 1;
            }
        }
        assert_eq!(free, 63);
    });
}

/// Two changes of one customer that add the same: one is refused, and takes nothing away from the other.
#[test]
fn a_refused_change_leaves_what_another_has_added() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        let look = engine.read_customer(ann, |customer, _, _| customer.identity().cloned());
        let before = look.await.unwrap().flatten().unwrap();
        let mut changed = before.profile.clone();
        changed.email = Some("ann@example.com".into());
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let (engine, mut changed) = (engine.clone(), changed.clone());
                changed.names.last = Some(format!("Name {number}").into());
                actix::spawn(async move { engine.update_customer(ann, before.updated_at, changed).await })
            })
            .collect();
        let mut done = 0;
        for answer in tries {
            match answer.await.unwrap() {
                Ok(()) => done += 1,
                Err(error) => assert!(matches!(error, UpdateError::Conflict), "{error:?}"),
            }
        }
        assert_eq!(done, 1);
        assert_eq!(engine.find_customer(&Identifier::email("ann@example.com")).await.unwrap(), Some(ann));
    });
}

/// The second comes when the first has been decided and is not durable yet.
#[test]
fn an_erasure_that_is_asked_for_twice_at_once_is_done_once_and_answered_twice() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        for round in 0..20 {
            let ann = member(&engine, "ann").await;
            let request = format!("request {round}");
            let [first, second] = both_answers(&engine, ann, request).await.map(Result::unwrap);
            assert_eq!(first.tombstone, second.tombstone);
            assert!(matches!(engine.erase(ann, "another request", "ann").await, Err(EraseError::NotFound)));
        }
    });
}

async fn both_answers(engine: &Engine, who: CustomerId, request: String) -> [Result<Erasure, EraseError>; 2] {
    let tries = [(); 2].map(|()| {
        let (engine, request) = (engine.clone(), request.clone());
        actix::spawn(async move { engine.erase(who, &request, "ann").await })
    });
    let [first, second] = tries;
    [first.await.unwrap(), second.await.unwrap()]
}

#[test]
fn a_changed_profile_moves_identifiers() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        let bob = member(&engine, "bob").await;
        let read = |id| {
            let engine = engine.clone();
            async move {
                let look = engine.read_customer(id, |customer, _, _| customer.identity().cloned()).await;
                look.unwrap().unwrap().unwrap()
            }
        };
        let before = read(ann).await;
        let mut changed = before.profile.clone();
        changed.identifiers = vec![ExternalId { value: "anna".into(), kind: None }];
        engine.update_customer(ann, before.updated_at, changed.clone()).await.unwrap();
        assert_eq!(engine.find_customer(&Identifier::external("anna")).await.unwrap(), Some(ann));
        assert_eq!(engine.find_customer(&Identifier::external("ann")).await.unwrap(), None, "released");
        let stale = engine.update_customer(ann, before.updated_at, before.profile.clone()).await;
        assert!(matches!(stale, Err(UpdateError::Conflict)), "{stale:?}");
        assert_eq!(
            engine.find_customer(&Identifier::external("ann")).await.unwrap(),
            None,
            "a refused change claims nothing"
        );
        // Nor does it keep others away.
        let other = engine.create_customer(before.profile.clone()).await.unwrap();
        assert_eq!(engine.find_customer(&Identifier::external("ann")).await.unwrap(), Some(other));
        changed.identifiers.push(ExternalId { value: "bob".into(), kind: None });
        let clash = engine.update_customer(ann, read(ann).await.updated_at, changed).await;
        assert!(matches!(&clash, Err(UpdateError::Taken(clashes)) if clashes[0].holder == bob), "{clash:?}");
    });
}

/// Given up by whoever asked, at any moment: whoever comes next gets the identifiers at once, unless the creation was
/// finished.
#[test]
fn a_creation_that_was_cut_off_keeps_nobody_away() {
    run(async {
        let (mut finished, mut cut_off) = (0, 0);
        for turns in 0..40 {
            let engine = start(&MemoryDisk::new()).await;
            let mut creation = Box::pin(engine.create_customer(profile("ann")));
            let mut done = None;
            for _ in 0..turns {
                match poll_fn(|context| Poll::Ready(creation.as_mut().poll(context))).await {
                    Poll::Ready(created) => {
                        done = Some(created.unwrap());
                        break;
                    }
                    Poll::Pending => tokio::task::yield_now().await,
                }
            }
            // Given up, if it is not done: what it has asked for may still happen, but it asks for nothing more.
            drop(creation);
            match (done, engine.create_customer(profile("ann")).await) {
                (None, Ok(id)) => {
                    cut_off += 1;
                    let found = engine.find_customer(&Identifier::external("ann")).await.unwrap();
                    assert_eq!(found, Some(id), "{turns} turns");
                }
                (before, Err(CreateError::Taken(clashes))) => {
                    finished += 1;
                    let holder = clashes[0].holder;
                    assert!(before.is_none_or(|id| id == holder), "{before:?} {clashes:?}");
                    let there = engine.read_customer(holder, |_, _, _| ()).await.unwrap();
                    assert_eq!(there, Some(()), "whoever has the identifiers is there");
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(cut_off > 0, "{finished} finished");
    });
}
