//! The policy as an expression: settings that are literals in a `const`, the others at each call.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, LitInt, Result, UnOp};

use crate::attribute::{Attribute, Given, Source};
use crate::duration;
use crate::settings::Kind;

/// A value, and whether it is known when the program is built.
pub(crate) struct Value {
    pub(crate) tokens: TokenStream,
    pub(crate) is_literal: bool,
}

impl Value {
    fn literal(tokens: TokenStream) -> Self {
        Self { tokens, is_literal: true }
    }

    fn other(tokens: TokenStream) -> Self {
        Self { tokens, is_literal: false }
    }
}

/// Returns an expression that is a reference to the policy, and a statement that it needs before it.
pub(crate) fn policy(
    attribute: &Attribute,
    relent: &TokenStream,
    signature: &Ident,
) -> Result<(TokenStream, TokenStream)> {
    let mut literals = TokenStream::new();
    let mut others = TokenStream::new();
    let mut is_punctual = false;
    // What is checked when the program is built, whatever the strategy is.
    let mut checked = TokenStream::new();
    for given in &attribute.settings {
        check_strategy(&attribute.source, given)?;
        if given.setting.name == "no_attempt_after_deadline" {
            is_punctual = true;
            continue;
        }
        let call = calls(given, relent, signature)?;
        if call.is_literal {
            literals.extend(call.tokens.clone());
            if given.setting.strategies.is_empty() {
                checked.extend(call.tokens);
            }
        } else {
            others.extend(call.tokens);
        }
    }
    if is_punctual {
        literals.extend(quote!(.no_attempt_after_deadline()));
    }
    let strategy = match &attribute.source {
        Source::Policy(policy) if attribute.settings.is_empty() => {
            return Ok((TokenStream::new(), reference(policy)));
        }
        Source::Policy(policy) => {
            let check = check(&checked, relent);
            let base = Ident::new("base", Span::mixed_site());
            let policy = reference(policy);
            return Ok((
                quote!(let #base = #policy;),
                quote!(&{ #check #base.by_ref() }#literals #others),
            ));
        }
        Source::Strategy(name, argument) => strategy(name, argument.as_ref(), relent, signature)?,
    };
    let Strategy { constructor, constant } = strategy;
    let Some(name) = constant else {
        let check = check(&checked, relent);
        return Ok((TokenStream::new(), quote!(&{ #check #constructor }#literals #others)));
    };
    let parts = is_punctual.then(|| {
        quote!(, #relent::__private::AnyError, (), #relent::clock::Punctual<#relent::clock::SystemClock>)
    });
    let constant = quote! {
        const RELENT_POLICY: #relent::Retry<#name #parts> = #constructor #literals;
    };
    let policy = if others.is_empty() {
        // A reference to a static, which takes no place in the function or its future.
        quote!({ #constant &RELENT_POLICY })
    } else {
        quote!(&{ #constant RELENT_POLICY }#others)
    };
    Ok((TokenStream::new(), policy))
}

/// A reference to the value of an expression.
fn reference(policy: &Expr) -> TokenStream {
    match policy {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Unary(_)
        | Expr::Reference(_)
        | Expr::Paren(_)
        | Expr::Index(_)
        | Expr::Macro(_)
        | Expr::Block(_) => quote!(&#policy),
        _ => quote!(&(#policy)),
    }
}

fn check(literals: &TokenStream, relent: &TokenStream) -> TokenStream {
    if literals.is_empty() {
        return TokenStream::new();
    }
    quote!(const _: #relent::Retry = #relent::Retry::expo() #literals;)
}

/// Refuses settings that the strategy does not have.
fn check_strategy(source: &Source, given: &Given) -> Result<()> {
    let Given { name, setting, .. } = given;
    let strategies = setting.strategies;
    let (is_known, whose) = match source {
        _ if strategies.is_empty() => return Ok(()),
        Source::Strategy(strategy, _) => {
            (strategies.iter().any(|known| strategy == known), format!("not of `{strategy}`"))
        }
        Source::Policy(_) => (false, "and belongs where the policy is made".into()),
    };
    if is_known {
        return Ok(());
    }
    let named: Vec<_> = strategies.iter().map(|name| format!("`{name}`")).collect();
    let list = match &*named {
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
        [] => String::new(),
    };
    Err(Error::new(name.span(), format!("`{name}` is a setting of {list}, {whose}")))
}

/// The calls of the builder for a setting.
fn calls(given: &Given, relent: &TokenStream, signature: &Ident) -> Result<Value> {
    let Given { name, setting, value } = given;
    let Some(value) = value else {
        return Ok(Value::literal(quote!(.#name())));
    };
    let list = || match value {
        Expr::Array(array) => array.elems.iter().collect(),
        one => vec![one],
    };
    let one = |value: Value| {
        let Value { tokens, is_literal } = value;
        Value { tokens: quote!(.#name(#tokens)), is_literal }
    };
    Ok(match setting.kind {
        Kind::Duration => one(duration(value, relent)?),
        Kind::Integer => one(integer(name, value)?),
        Kind::Float => one(float(name, value)?),
        Kind::Jitter => one(jitter(value, relent)?),
        Kind::Target => one(target(value)),
        Kind::Function(method) => {
            let method = Ident::new(method, value.span());
            Value::other(quote!(.#name(#signature.#method(#value))))
        }
        Kind::Handlers(event) => {
            let event = Ident::new(event, Span::call_site());
            let handlers = list();
            Value::other(quote! {
                #(.observe(#relent::__private::on(#relent::EventKind::#event, #signature.handler(#handlers))))*
            })
        }
        Kind::AsyncHandlers => {
            let handlers = list();
            Value::other(quote!(#(.#name(#signature.handler(#handlers)))*))
        }
        Kind::Expressions => {
            let values = list();
            Value::other(quote!(#(.#name(#values))*))
        }
        Kind::Expression | Kind::Flag | Kind::Own => Value::other(quote!(.#name(#value))),
    })
}

struct Strategy {
    constructor: TokenStream,
    /// The strategy's type, if it is known and the constructor can be called in a `const`.
    constant: Option<TokenStream>,
}

fn strategy(
    name: &Ident,
    argument: Option<&Expr>,
    relent: &TokenStream,
    signature: &Ident,
) -> Result<Strategy> {
    let constant = |name: &str| {
        let name = Ident::new(name, Span::call_site());
        Some(quote!(#relent::wait::#name))
    };
    let of_duration = |strategy: &str| -> Result<Strategy> {
        let Value { tokens, is_literal } = argument
            .map_or_else(|| Ok(Value::other(quote!())), |argument| duration(argument, relent))?;
        let constant = if is_literal { constant(strategy) } else { None };
        Ok(Strategy { constructor: quote!(#relent::Retry::#name(#tokens)), constant })
    };
    let plain = || quote!(#relent::Retry::#name());
    Ok(match &*name.to_string() {
        "expo" => {
            Strategy { constructor: quote!(#relent::Retry::expo()), constant: constant("Expo") }
        }
        "fibo" => Strategy { constructor: plain(), constant: constant("Fibo") },
        "decay" => Strategy { constructor: plain(), constant: constant("Decay") },
        "constant" => of_duration("Constant")?,
        "linear" => of_duration("Linear")?,
        "decorrelated" => of_duration("Decorrelated")?,
        "sequence" => sequence(name, argument, relent)?,
        "runtime" => Strategy {
            constructor: quote!(#relent::Retry::#name(#signature.computed(#argument))),
            constant: None,
        },
        _ => Strategy { constructor: quote!(#relent::Retry::#name(#argument)), constant: None },
    })
}

fn sequence(name: &Ident, argument: Option<&Expr>, relent: &TokenStream) -> Result<Strategy> {
    if let Some(Expr::Array(array)) = argument {
        let waits =
            array.elems.iter().map(|wait| duration(wait, relent)).collect::<Result<Vec<_>>>()?;
        let count = Literal::usize_unsuffixed(waits.len());
        let is_literal = waits.iter().all(|wait| wait.is_literal);
        let waits = waits.iter().map(|wait| &wait.tokens);
        return Ok(Strategy {
            constructor: quote!(#relent::Retry::#name([#(#waits),*])),
            constant: is_literal
                .then(|| quote!(#relent::wait::Sequence<[#relent::__private::Duration; #count]>)),
        });
    }
    Ok(Strategy { constructor: quote!(#relent::Retry::#name(#argument)), constant: None })
}

/// A duration: a string, or an expression.
pub(crate) fn duration(value: &Expr, relent: &TokenStream) -> Result<Value> {
    match literal(value) {
        Some((Lit::Str(text), false)) => {
            let (seconds, nanos) = duration::parse(&text.value())
                .map_err(|message| Error::new(text.span(), message))?;
            Ok(Value::literal(
                quote_spanned!(text.span()=> #relent::__private::Duration::new(#seconds, #nanos)),
            ))
        }
        Some(_) => {
            let number = quote!(#value);
            let message = format!(
                "a duration has a unit: write \"{number}s\" or \"{number}ms\", or an expression of the type `Duration`"
            );
            Err(Error::new_spanned(value, message))
        }
        None => Ok(Value::other(quote!(#value))),
    }
}

fn integer(name: &Ident, value: &Expr) -> Result<Value> {
    match literal(value) {
        // The core refuses it as well, but its error points at the attribute.
        Some((Lit::Int(number), _)) if name == "max_tries" && is_zero(number) => Err(
            Error::new_spanned(value, "max_tries must be at least 1; for no limit use `forever`"),
        ),
        Some((Lit::Int(_), _)) => Ok(Value::literal(quote!(#value))),
        Some(_) => {
            Err(Error::new_spanned(value, format!("`{name}` is a whole number: `{name} = 5`")))
        }
        None => Ok(Value::other(quote!(#value))),
    }
}

fn is_zero(number: &LitInt) -> bool {
    number.base10_digits() == "0"
}

fn float(name: &Ident, value: &Expr) -> Result<Value> {
    match literal(value) {
        Some((Lit::Float(_), _)) => Ok(Value::literal(quote!(#value))),
        Some((Lit::Int(number), is_negative)) if number.suffix().is_empty() => {
            let mut float: Literal = format!("{}.0", number.base10_digits())
                .parse()
                .map_err(|_| Error::new_spanned(value, "not a number"))?;
            float.set_span(number.span());
            Ok(Value::literal(if is_negative { quote!(-#float) } else { quote!(#float) }))
        }
        Some(_) => Err(Error::new_spanned(value, format!("`{name}` is a number: `{name} = 2.0`"))),
        None => Ok(Value::other(quote!(#value))),
    }
}

fn jitter(value: &Expr, relent: &TokenStream) -> Result<Value> {
    const FORMS: &str = "the jitters are none, full, equal, additive(\"1s\"), proportional(0.2), between(f), custom(f), or an expression of the type `Jitter`";
    let named = |name: &Ident, variant: &str| {
        let variant = Ident::new(variant, name.span());
        quote!(#relent::Jitter::#variant)
    };
    match value {
        Expr::Path(path) => {
            let Some(name) = path.path.get_ident() else {
                return Ok(Value::other(quote!(#value)));
            };
            let variant = match &*name.to_string() {
                "none" => "None",
                "full" => "Full",
                "equal" => "Equal",
                "additive" | "proportional" | "between" | "custom" => {
                    return Err(Error::new_spanned(value, FORMS));
                }
                _ => return Ok(Value::other(quote!(#value))),
            };
            Ok(Value::literal(named(name, variant)))
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return Ok(Value::other(quote!(#value)));
            };
            let (Some(name), [argument]) =
                (path.path.get_ident(), &*call.args.iter().collect::<Vec<_>>())
            else {
                return Ok(Value::other(quote!(#value)));
            };
            let (variant, argument) = match &*name.to_string() {
                "additive" => ("Additive", duration(argument, relent)?),
                "proportional" => ("Proportional", float(name, argument)?),
                "between" => ("Between", Value::other(quote!(#argument))),
                "custom" => ("Custom", Value::other(quote!(#argument))),
                _ => return Ok(Value::other(quote!(#value))),
            };
            let (jitter, Value { tokens, is_literal }) = (named(name, variant), argument);
            Ok(Value { tokens: quote!(#jitter(#tokens)), is_literal })
        }
        Expr::Lit(_) => Err(Error::new_spanned(value, FORMS)),
        _ => Ok(Value::other(quote!(#value))),
    }
}

fn target(value: &Expr) -> Value {
    let is_literal = matches!(literal(value), Some((Lit::Str(_), false)));
    Value { tokens: quote!(#value), is_literal }
}

/// The literal that an expression is, and whether a minus stands before it.
fn literal(value: &Expr) -> Option<(&Lit, bool)> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some((lit, false)),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            literal(&unary.expr).map(|(literal, _)| (literal, true))
        }
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}
