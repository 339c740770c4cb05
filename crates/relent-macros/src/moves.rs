//! Arguments that the body moves where one can see it.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Member, Pat, Path, Stmt, Type};

/// What is known of an argument that the body moves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Its type is not `Copy`.
    Surely,
    /// Unless its type is `Copy`.
    UnlessCopy,
}

/// Returns whether the body moves an argument of this name and type.
///
/// It looks for the bare name as an argument, as a field, or as the value of a `let`. Where the name is bound again or
/// assigned to, nothing is known.
pub(crate) fn moved(body: &[Stmt], name: &Ident, r#type: Option<&Type>) -> Option<Moved> {
    let mut search = Search { name, is_moved: false, is_rebound: false };
    for statement in body {
        search.visit_stmt(statement);
    }
    if !search.is_moved || search.is_rebound {
        return None;
    }
    match r#type? {
        Type::Reference(_) => None,
        Type::Path(path) if path.qself.is_none() && is_owned(&path.path) => Some(Moved::Surely),
        _ => Some(Moved::UnlessCopy),
    }
}

/// Types of the standard library that are not `Copy`.
fn is_owned(path: &Path) -> bool {
    const OWNED: [&str; 14] = [
        "String",
        "Vec",
        "VecDeque",
        "Box",
        "Arc",
        "Rc",
        "HashMap",
        "HashSet",
        "BTreeMap",
        "BTreeSet",
        "PathBuf",
        "OsString",
        "CString",
        "BinaryHeap",
    ];
    path.segments.last().is_some_and(|last| OWNED.iter().any(|owned| last.ident == owned))
}

struct Search<'a> {
    name: &'a Ident,
    is_moved: bool,
    is_rebound: bool,
}

impl Search<'_> {
    fn is_it(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Path(path) => path.qself.is_none() && path.path.is_ident(self.name),
            Expr::Paren(paren) => self.is_it(&paren.expr),
            Expr::Group(group) => self.is_it(&group.expr),
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Call(call) => {
                self.is_moved |= call.args.iter().any(|argument| self.is_it(argument));
            }
            Expr::MethodCall(call) => {
                self.is_moved |= call.args.iter().any(|argument| self.is_it(argument));
            }
            Expr::Struct(value) => {
                self.is_moved |= value.fields.iter().any(|field| {
                    matches!(field.member, Member::Named(_)) && self.is_it(&field.expr)
                });
            }
            Expr::Assign(assign) => self.is_rebound |= self.is_it(&assign.left),
            // What they capture, and when they run, is not looked into.
            Expr::Closure(_) | Expr::Async(_) => return,
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let (Pat::Ident(pattern), Some(init)) = (&local.pat, &local.init) {
            self.is_moved |= pattern.by_ref.is_none() && self.is_it(&init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.is_rebound |= pattern.ident == *self.name;
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}

    fn visit_block(&mut self, block: &'ast Block) {
        visit::visit_block(self, block);
    }
}
