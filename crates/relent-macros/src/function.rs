//! The function that is retried: its arguments, and where its attempt is.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    AttrStyle, Attribute, Block, Error, Expr, ExprAsync, FnArg, GenericArgument, Lifetime, Pat,
    PathArguments, Receiver, ReceiverKind, Result, ReturnType, Signature, Stmt, Token, Type,
    TypeParamBound, Visibility, token,
};

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) modifiers: TokenStream,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// An argument, as the body knows it.
#[derive(Clone)]
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) passed: Passed,
    pub(crate) is_mut: bool,
    pub(crate) r#type: Option<Type>,
    /// Under which conditions it is there: `#[cfg(..)]`, which macros see before it is resolved.
    pub(crate) conditions: Vec<Attribute>,
}

/// How an argument is passed, as far as can be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    Value,
    Shared,
    Mutable,
}

/// Where the attempt is.
pub(crate) enum Shape {
    /// The whole body.
    Sync,
    /// The whole body, awaited.
    Async,
    /// An async block at the end of the body.
    Future(Box<Block>),
}

impl Function {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        Self::read.parse2(tokens)
    }

    fn read(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let mut modifiers = TokenStream::new();
        if input.peek(Ident::peek_any) && input.fork().call(Ident::parse_any)? == "default" {
            modifiers.extend([TokenTree::Ident(input.parse()?)]);
        }
        let is_again = |attribute: &&Attribute| {
            let path = attribute.path();
            path.is_ident("retry")
                || path.segments.len() == 2
                    && path.segments[0].ident == "relent"
                    && path.segments[1].ident == "retry"
        };
        if let Some(again) = attributes.iter().find(is_again) {
            let message =
                "`#[retry]` is there twice: the second would retry each attempt of the first";
            return Err(Error::new_spanned(again, message));
        }
        let rest = input.fork();
        let signature: Signature = match input.parse() {
            Ok(signature) => signature,
            Err(error) => return Err(no_function(&rest, error)),
        };
        if input.peek(Token![;]) {
            let message = "`#[retry]` needs a body to retry: write it on the functions that implement this one";
            return Err(Error::new_spanned(&signature, message));
        }
        let mut body: Group = match input.parse()? {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => body,
            other => return Err(Error::new(other.span(), "expected the body of the function")),
        };
        // Such as `#![allow(..)]`: they are not allowed on the blocks that the body becomes.
        let split = |input: ParseStream<'_>| {
            Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?))
        };
        let (inner, rest) = split.parse2(body.stream())?;
        if !inner.is_empty() {
            attributes.extend(
                inner
                    .into_iter()
                    .map(|attribute| Attribute { style: AttrStyle::Outer, ..attribute }),
            );
            let mut without = Group::new(Delimiter::Brace, rest);
            without.set_span(body.span());
            body = without;
        }
        if let Some(constness) = &signature.constness {
            let message =
                "a `const fn` cannot wait: `#[retry]` needs a function that is not `const`";
            return Err(Error::new(constness.span(), message));
        }
        Ok(Self { attributes, visibility, modifiers, signature, body })
    }

    /// The receiver, if it is a method.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        match self.signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Some(receiver),
            _ => None,
        }
    }

    /// How `self` is passed.
    pub(crate) fn passed_self(&self) -> Option<Passed> {
        self.receiver().map(|receiver| match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => Passed::Shared,
            ReceiverKind::Reference(..) => Passed::Mutable,
            ReceiverKind::Typed(_, r#type) => passed(r#type),
            _ => Passed::Value,
        })
    }

    /// The arguments without `self`, under the names that patterns give them.
    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for input in &self.signature.inputs {
            let FnArg::Typed(argument) = input else { continue };
            if let Pat::Ident(pattern) = &*argument.pat {
                arguments.push(Argument {
                    name: pattern.ident.clone(),
                    passed: passed(&argument.ty),
                    is_mut: pattern.mutability.is_some(),
                    r#type: Some((*argument.ty).clone()),
                    conditions: conditions(&argument.attrs),
                });
            } else {
                let conditions = conditions(&argument.attrs);
                arguments.extend(
                    bindings(&argument.pat)
                        .into_iter()
                        .map(|bound| Argument { conditions: conditions.clone(), ..bound }),
                );
            }
        }
        arguments
    }

    /// What an attempt returns, and where it is.
    pub(crate) fn attempt(&self) -> Result<(Type, Shape)> {
        let returned = match &self.signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, returned) => (**returned).clone(),
        };
        if self.signature.asyncness.is_some() {
            return Ok((returned, Shape::Async));
        }
        let Some(output) = future_output(&returned) else {
            return Ok((returned, Shape::Sync));
        };
        let mut block = Block {
            brace_token: token::Brace(self.body.span()),
            stmts: Block::parse_within.parse2(self.body.stream())?,
        };
        if async_tail(&mut block).is_none() {
            let message = "`#[retry]` retries what is in an `async move` block: end the body with \
                 `async move { .. }`, `Box::pin(async move { .. })` or `async move { .. }.boxed()`";
            let span =
                block.stmts.last().map_or_else(|| self.signature.ident.span(), Spanned::span);
            return Err(Error::new(span, message));
        }
        Ok((output.clone(), Shape::Future(Box::new(block))))
    }
}

/// The error of an item that is no function, or of a function that cannot be read.
fn no_function(item: ParseStream<'_>, error: Error) -> Error {
    let mut refused = Error::new(error.span(), "`#[retry]` stands on a function with a body");
    let mut words = Vec::new();
    while let Ok(token) = item.parse::<TokenTree>() {
        if let TokenTree::Ident(word) = token {
            words.push(word);
        }
    }
    if words.iter().any(|word| word == "fn") {
        refused.combine(error);
    } else if words.iter().any(|word| word == "impl" || word == "trait") {
        refused =
            Error::new(error.span(), "`#[retry]` stands on a function: write it on each method");
    }
    refused
}

/// The async block at the end of a body.
pub(crate) fn async_tail(block: &mut Block) -> Option<&mut ExprAsync> {
    match block.stmts.last_mut()? {
        Stmt::Expr(tail, None) => async_block(tail),
        _ => None,
    }
}

fn async_block(expression: &mut Expr) -> Option<&mut ExprAsync> {
    match expression {
        Expr::Async(block) => Some(block),
        Expr::Call(call) if call.args.len() == 1 => match &*call.func {
            Expr::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "pin") =>
            {
                async_block(call.args.first_mut()?)
            }
            _ => None,
        },
        Expr::MethodCall(call) if call.method == "boxed" || call.method == "boxed_local" => {
            async_block(&mut call.receiver)
        }
        Expr::Paren(inner) => async_block(&mut inner.expr),
        Expr::Group(inner) => async_block(&mut inner.expr),
        _ => None,
    }
}

/// The statements at the beginning of an async block that only move what the function was called with, as
/// `async_trait` writes them, the names that they bind, and the others.
pub(crate) fn prelude(statements: Vec<Stmt>) -> (Vec<Stmt>, Vec<Argument>, Vec<Stmt>) {
    let mut moved = Vec::new();
    let mut names = Vec::new();
    let mut rest = statements.into_iter().peekable();
    while let Some(statement) =
        rest.next_if(|statement| is_dead_return(statement) || moves(statement))
    {
        if let Stmt::Local(local) = &statement {
            names.extend(bindings(&local.pat));
        }
        moved.push(statement);
    }
    (moved, names, rest.collect())
}

/// `let name = name;`, `let __self = self;` or `let (a, b) = { let name = name; name };`
fn moves(statement: &Stmt) -> bool {
    let Stmt::Local(local) = statement else { return false };
    let Some(init) = &local.init else { return false };
    match (&*init.expr, &local.pat) {
        (Expr::Path(value), Pat::Ident(name)) => {
            value.path.is_ident(&name.ident)
                || name.ident == "__self" && value.path.is_ident("self")
        }
        (Expr::Block(block), _) => {
            matches!(&*block.block.stmts, [first, Stmt::Expr(Expr::Path(_), None)] if moves(first))
        }
        _ => false,
    }
}

/// `if let Some(value) = None::<Type> { return value; }`, which gives an async block its type.
fn is_dead_return(statement: &Stmt) -> bool {
    let Stmt::Expr(Expr::If(branch), _) = statement else { return false };
    let Expr::Let(condition) = &*branch.cond else { return false };
    match &*condition.expr {
        Expr::Path(value) => value.path.segments.last().is_some_and(|last| last.ident == "None"),
        _ => false,
    }
}

/// The names that a pattern binds.
pub(crate) fn bindings(pattern: &Pat) -> Vec<Argument> {
    struct Bindings(Vec<Argument>);
    impl<'a> Visit<'a> for Bindings {
        fn visit_pat_ident(&mut self, pattern: &'a syn::PatIdent) {
            // Constants in patterns are written in capital letters.
            if !pattern.ident.to_string().starts_with(char::is_uppercase) {
                self.0.push(Argument {
                    name: pattern.ident.clone(),
                    passed: if pattern.by_ref.is_some() { Passed::Shared } else { Passed::Value },
                    is_mut: pattern.mutability.is_some(),
                    r#type: None,
                    conditions: Vec::new(),
                });
            }
            visit::visit_pat_ident(self, pattern);
        }
    }
    let mut bindings = Bindings(Vec::new());
    bindings.visit_pat(pattern);
    bindings.0
}

fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

fn passed(r#type: &Type) -> Passed {
    match r#type {
        Type::Reference(reference) if reference.mutability.is_some() => Passed::Mutable,
        Type::Reference(_) => Passed::Shared,
        Type::Group(group) => passed(&group.elem),
        Type::Paren(paren) => passed(&paren.elem),
        _ => Passed::Value,
    }
}

/// The output of a type that is a future, as far as can be seen.
fn future_output(r#type: &Type) -> Option<&Type> {
    match r#type {
        Type::ImplTrait(bounds) => bounds.bounds.iter().find_map(output_of_bound),
        Type::TraitObject(bounds) => bounds.bounds.iter().find_map(output_of_bound),
        Type::Group(group) => future_output(&group.elem),
        Type::Paren(paren) => future_output(&paren.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            let argument = arguments.args.iter().rev().find_map(|argument| match argument {
                GenericArgument::Type(r#type) => Some(r#type),
                _ => None,
            })?;
            match &*last.ident.to_string() {
                "BoxFuture" | "LocalBoxFuture" => Some(argument),
                "Pin" | "Box" => future_output(argument),
                _ => None,
            }
        }
        _ => None,
    }
}

fn output_of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    if last.ident != "Future" {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

/// The type with `_` for each `impl Trait` in it.
pub(crate) fn erased(mut r#type: Type) -> Type {
    struct Erase;
    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, r#type: &mut Type) {
            if let Type::ImplTrait(_) = r#type {
                *r#type = Type::Verbatim(quote!(_));
            }
            visit_mut::visit_type_mut(self, r#type);
        }
    }
    Erase.visit_type_mut(&mut r#type);
    r#type
}

/// Whether a type shows that something is borrowed.
pub(crate) fn borrows(r#type: &Type) -> bool {
    struct Borrows(bool);
    impl<'a> Visit<'a> for Borrows {
        fn visit_type_reference(&mut self, reference: &'a syn::TypeReference) {
            let is_static = reference.lifetime.as_ref().is_some_and(|name| name.ident == "static");
            self.0 |= !is_static;
            visit::visit_type_reference(self, reference);
        }

        fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
            self.0 |= lifetime.ident != "static";
        }
    }
    let mut borrows = Borrows(false);
    borrows.visit_type(r#type);
    borrows.0
}

/// The two types in `Result<Succeeded<T>, RetryError<T, E>>`.
pub(crate) fn explained(r#type: &Type) -> Option<(&Type, &Type)> {
    fn arguments<'a>(r#type: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
        let Type::Path(path) = r#type else { return None };
        let last = path.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        (last.ident == name).then(|| {
            arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(r#type) => Some(r#type),
                    _ => None,
                })
                .collect()
        })
    }
    let outer = arguments(r#type, "Result")?;
    let [succeeded, failed] = *outer else { return None };
    arguments(succeeded, "Succeeded")?;
    match *arguments(failed, "RetryError")? {
        [value, error] => Some((value, error)),
        _ => None,
    }
}
