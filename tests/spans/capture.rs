//! A subscriber that keeps spans as a tree, and the events in them.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

std::thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Debug)]
enum Node {
    Span { name: &'static str, fields: Vec<(String, String)>, references: usize },
    Event(String),
}

/// The nodes, each with its parent. The id of a span is its place, counted from 1.
type Nodes = Arc<Mutex<Vec<(Node, Option<u64>)>>>;

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

struct Capture {
    nodes: Nodes,
    hidden: &'static str,
}

fn current() -> Option<u64> {
    ENTERED.with_borrow(|entered| entered.last().copied())
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.name() != self.hidden
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let metadata = attributes.metadata();
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None => attributes.is_contextual().then(current).flatten(),
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = Node::Span { name: metadata.name(), fields: fields.0, references: 1 };
        let mut nodes = self.nodes.lock().unwrap();
        nodes.push((span, parent));
        Id::from_u64(nodes.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut new = Fields::default();
        values.record(&mut new);
        let mut nodes = self.nodes.lock().unwrap();
        if let Node::Span { fields, .. } = &mut nodes[place(id)].0 {
            fields.extend(new.0);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.into_iter().find(|(name, _)| name == "message");
        let node = Node::Event(message.map_or_else(String::new, |(_, message)| message));
        self.nodes.lock().unwrap().push((node, current()));
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        let left = ENTERED.with_borrow_mut(Vec::pop);
        assert_eq!(
            left,
            Some(id.into_u64()),
            "spans are left in the order in which they are entered"
        );
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Node::Span { references, .. } = &mut self.nodes.lock().unwrap()[place(id)].0 {
            *references += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        if let Node::Span { references, .. } = &mut self.nodes.lock().unwrap()[place(&id)].0 {
            *references -= 1;
            return *references == 0;
        }
        false
    }
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }
}

/// The spans and events of what `act` does, as an indented list. Every span has ended.
pub(crate) fn tree(act: impl FnOnce()) -> String {
    tree_without("no span", act)
}

/// The same, under a filter that hides one kind of span.
pub(crate) fn tree_without(hidden: &'static str, act: impl FnOnce()) -> String {
    let nodes = Nodes::default();
    tracing::subscriber::with_default(Capture { nodes: Arc::clone(&nodes), hidden }, act);
    assert_eq!(current(), None, "every span is left");
    let nodes = nodes.lock().unwrap();
    let mut text = String::new();
    show(&nodes, None, 0, &mut text);
    text
}

fn show(nodes: &[(Node, Option<u64>)], of: Option<u64>, depth: usize, text: &mut String) {
    for (place, (node, parent)) in nodes.iter().enumerate() {
        if *parent != of {
            continue;
        }
        text.extend(std::iter::repeat_n("    ", depth));
        match node {
            Node::Event(message) => writeln!(text, "- {message}").unwrap(),
            Node::Span { name, fields, references } => {
                text.push_str(name);
                for (name, value) in fields {
                    write!(text, " {name}={value}").unwrap();
                }
                text.push_str(if *references == 0 { "\n" } else { " (open)\n" });
                show(nodes, Some(place as u64 + 1), depth + 1, text);
            }
        }
    }
}
