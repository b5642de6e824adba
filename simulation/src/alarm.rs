//! What the engine itself says is wrong: panics, and errors in its log that no fault of a disk explains.

use std::{cell::RefCell, panic, sync::Once};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Errors that a failing disk, or a panic that is wanted, may lead to; of other panics the hook hears.
const EXPLAINED: [&str; 10] = [
    "an entity's actor crashed",
    "a commit failed",
    "the checkpoint failed",
    "a checkpoint failed",
    "checkpoint failed",
    "store not closed in order",
    "the store did not close cleanly",
    "stored data cannot be read",
    "an effect's receiver cannot be read",
    "a tree whose budget has run out goes on",
];

/// What a panic says that the seed wants.
pub const WANTED: &str = "as the seed wants it";

thread_local! {
    static HEARD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static SHOWN: RefCell<bool> = const { RefCell::new(false) };
}

/// Listens from now on, in the whole process.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // The database library asserts its invariants; the store turns that into errors.
            let in_library = info.location().is_some_and(|place| place.file().contains("redb"));
            let wanted = info.payload().downcast_ref::<String>().is_some_and(|text| text == WANTED);
            if in_library || wanted {
                return;
            }
            let said = info.payload();
            let text = said.downcast_ref::<String>().map(String::as_str);
            let what = text.or_else(|| said.downcast_ref::<&str>().copied()).unwrap_or("no message");
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            HEARD.with_borrow_mut(|heard| heard.push(format!("panic at {place}: {what}")));
            before(info);
        }));
        // Whoever has set another one hears instead.
        let _ = tracing::subscriber::set_global_default(Ear);
    });
}

/// Whether warnings and errors are printed for people on this thread.
pub fn show(shown: bool) {
    SHOWN.set(shown);
}

/// What has been heard on this thread since it was last asked.
pub fn heard() -> Vec<String> {
    HEARD.take()
}

struct Ear;

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        if SHOWN.with_borrow(|shown| *shown) {
            eprintln!("    {}: {}{}", event.metadata().level(), said.message, said.rest);
        }
        let is_error = *event.metadata().level() == Level::ERROR;
        if is_error && !EXPLAINED.iter().any(|known| said.message.starts_with(known)) {
            HEARD.with_borrow_mut(|heard| heard.push(format!("{}{}", said.message, said.rest)));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Said {
    message: String,
    rest: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.rest.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}
