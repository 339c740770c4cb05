//! What is between the parentheses of `#[retry(..)]`.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Lit, Path, Result, Token, parenthesized, token};

use crate::duration;
use crate::settings::{self, Kind, STRATEGIES, Setting};

/// Where the policy comes from.
pub(crate) enum Source {
    /// A strategy in place; `expo` if none is named.
    Strategy(Ident, Option<Expr>),
    /// An expression that is a policy or a reference to one.
    Policy(Box<Expr>),
}

/// A setting of the builder.
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) setting: &'static Setting,
    pub(crate) value: Option<Expr>,
}

/// The parsed attribute.
pub(crate) struct Attribute {
    pub(crate) source: Source,
    pub(crate) settings: Vec<Given>,
    pub(crate) clones: Vec<Ident>,
    pub(crate) shown: Vec<Ident>,
    /// The word `all` in `show(all)`.
    pub(crate) show_all: Option<Ident>,
    pub(crate) attempt: Option<Ident>,
    pub(crate) explain: Option<Ident>,
    pub(crate) traced: Option<Ident>,
    pub(crate) timeout: Option<(Ident, Expr, Option<Expr>)>,
    pub(crate) at_deadline: Option<(Ident, Expr)>,
    pub(crate) path: Option<Path>,
}

impl Attribute {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        Self::read.parse2(tokens)
    }

    fn read(input: ParseStream<'_>) -> Result<Self> {
        let mut this = Self {
            source: Source::Strategy(Ident::new("expo", input.span()), None),
            settings: Vec::new(),
            clones: Vec::new(),
            shown: Vec::new(),
            show_all: None,
            attempt: None,
            explain: None,
            traced: None,
            timeout: None,
            at_deadline: None,
            path: None,
        };
        let mut seen: Vec<&'static str> = Vec::new();
        let mut is_first = true;
        while !input.is_empty() {
            let next = Next::of(input);
            match next {
                Next::Setting(name) => this.read_setting(&name, &mut seen, input)?,
                Next::Strategy(name) if is_first => {
                    input.call(Ident::parse_any)?;
                    this.source = Source::Strategy(name.clone(), strategy_argument(&name, input)?);
                }
                Next::Strategy(name) => {
                    let message = format!("the strategy comes first: `#[retry({name}, ..)]`");
                    return Err(Error::new(name.span(), message));
                }
                Next::Policy if is_first => this.source = Source::Policy(Box::new(policy(input)?)),
                Next::Policy => return Err(misplaced(input)),
            }
            is_first = false;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(this)
    }

    fn read_setting(
        &mut self,
        name: &Ident,
        seen: &mut Vec<&'static str>,
        input: ParseStream<'_>,
    ) -> Result<()> {
        input.call(Ident::parse_any)?;
        let Some(setting) = settings::find(&name.to_string()) else {
            return Err(unknown(name));
        };
        if seen.contains(&setting.name) {
            let list = match setting.kind {
                Kind::Handlers(_) | Kind::AsyncHandlers | Kind::Expressions => {
                    format!(": write a list, `{name} = [.., ..]`")
                }
                Kind::Own if matches!(setting.name, "clone" | "show") => {
                    format!(": write a list, `{name}(.., ..)`")
                }
                _ => String::new(),
            };
            return Err(Error::new(name.span(), format!("`{name}` is set twice{list}")));
        }
        seen.push(setting.name);
        let form = || Error::new(name.span(), format!("write `{}`", setting.form));
        let value = |input: ParseStream<'_>| -> Result<Expr> {
            if !input.peek(Token![=]) || input.peek(Token![==]) {
                return Err(form());
            }
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(form());
            }
            input.parse()
        };
        match setting.name {
            "clone" => self.clones = names(input, form)?,
            "show" => {
                self.shown = names(input, form)?;
                if let [all] = &*self.shown {
                    if all == "all" {
                        self.show_all = self.shown.pop();
                    }
                }
            }
            "explain" => {
                no_value(input, form)?;
                self.explain = Some(name.clone());
            }
            "traced" => {
                no_value(input, form)?;
                self.traced = Some(name.clone());
            }
            "attempt" => {
                if !input.peek(Token![=]) {
                    return Err(form());
                }
                input.parse::<Token![=]>()?;
                self.attempt = Some(input.parse().map_err(|_| form())?);
            }
            "crate" => {
                input.parse::<Token![=]>().map_err(|_| form())?;
                self.path = Some(input.call(Path::parse_mod_style).map_err(|_| form())?);
            }
            "attempt_timeout" => self.set_timeout(name, value(input)?, None)?,
            "attempt_timeout_with" => {
                if !input.peek(token::Paren) {
                    return Err(form());
                }
                let content;
                parenthesized!(content in input);
                let both = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
                let mut both = both.into_iter();
                match (both.next(), both.next(), both.next()) {
                    (Some(most), Some(error), None) => self.set_timeout(name, most, Some(error))?,
                    _ => return Err(form()),
                }
            }
            "interrupt_at_deadline" => self.at_deadline = Some((name.clone(), value(input)?)),
            _ => {
                let value = if setting.kind == Kind::Flag {
                    no_value(input, form)?;
                    None
                } else {
                    Some(value(input)?)
                };
                self.settings.push(Given { name: name.clone(), setting, value });
            }
        }
        Ok(())
    }

    fn set_timeout(&mut self, name: &Ident, most: Expr, error: Option<Expr>) -> Result<()> {
        if self.timeout.is_some() {
            let message = "an attempt has one timeout: `attempt_timeout` or `attempt_timeout_with`";
            return Err(Error::new(name.span(), message));
        }
        self.timeout = Some((name.clone(), most, error));
        Ok(())
    }

    /// The names of all settings, for what depends on whether a function is async.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Ident> {
        let timeout = self.timeout.iter().map(|(name, ..)| name);
        let at_deadline = self.at_deadline.iter().map(|(name, _)| name);
        self.settings.iter().map(|given| &given.name).chain(timeout).chain(at_deadline)
    }

    /// Whether a setting is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|given| given.setting.name == name)
    }
}

/// What comes next.
enum Next {
    Setting(Ident),
    Strategy(Ident),
    Policy,
}

impl Next {
    fn of(input: ParseStream<'_>) -> Self {
        let ahead = input.fork();
        let Ok(name) = ahead.call(Ident::parse_any) else {
            return Self::Policy;
        };
        if ahead.peek(Token![=]) && !ahead.peek(Token![==]) && !ahead.peek(Token![=>]) {
            return Self::Setting(name);
        }
        let text = name.to_string();
        // Not the expression that `max_tries == 3` is, and not the beginning of one.
        let is_miswritten =
            ahead.peek(Token![==]) || ahead.peek(Token![:]) && !ahead.peek(Token![::]);
        if is_miswritten && settings::find(&text).is_some() {
            return Self::Setting(name);
        }
        let is_call = ahead.peek(token::Paren);
        if is_call && ahead.parse::<proc_macro2::Group>().is_err() {
            return Self::Policy;
        }
        if !ahead.is_empty() && !ahead.peek(Token![,]) {
            return Self::Policy;
        }
        if STRATEGIES.iter().any(|(strategy, _)| text == *strategy) {
            return Self::Strategy(name);
        }
        match settings::find(&text) {
            Some(_) => Self::Setting(name),
            None => Self::Policy,
        }
    }
}

/// Refuses what can be seen to be no policy.
fn policy(input: ParseStream<'_>) -> Result<Expr> {
    let policy: Expr = input.parse()?;
    let Expr::Lit(literal) = &policy else { return Ok(policy) };
    let meant = match &literal.lit {
        Lit::Int(number) => format!(": `max_tries = {number}` limits the number of attempts"),
        Lit::Str(text) if duration::parse(&text.value()).is_ok() => {
            format!(": for equal waits, write `constant({})`", text.to_token_stream())
        }
        Lit::Str(text) => format!(": a policy is an expression, `{}`", text.value()),
        _ => String::new(),
    };
    Err(Error::new_spanned(&policy, format!("this is no policy{meant}")))
}

fn strategy_argument(name: &Ident, input: ParseStream<'_>) -> Result<Option<Expr>> {
    let form =
        STRATEGIES.iter().find(|(strategy, _)| name == strategy).map_or("", |(_, form)| form);
    let wrong = || Error::new(name.span(), format!("write `{name}{form}`"));
    if !input.peek(token::Paren) {
        return if form.is_empty() { Ok(None) } else { Err(wrong()) };
    }
    let content;
    parenthesized!(content in input);
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
    match (arguments.len(), form.is_empty()) {
        (0, true) => Ok(None),
        (1, false) => Ok(arguments.into_iter().next()),
        _ => Err(wrong()),
    }
}

fn names(input: ParseStream<'_>, form: impl Fn() -> Error) -> Result<Vec<Ident>> {
    if !input.peek(token::Paren) {
        return Err(form());
    }
    let content;
    parenthesized!(content in input);
    let names = content.parse_terminated(Ident::parse_any, Token![,])?;
    if names.is_empty() {
        return Err(form());
    }
    Ok(names.into_iter().collect())
}

fn no_value(input: ParseStream<'_>, form: impl Fn() -> Error) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(form()) }
}

fn unknown(name: &Ident) -> Error {
    let text = name.to_string();
    let message = if STRATEGIES.iter().any(|(strategy, _)| text == *strategy) {
        format!("`{text}` is a strategy: it comes first, and its argument is in parentheses")
    } else {
        match settings::nearest(&text) {
            Some(Setting { form, name: "attempt_timeout", .. }) if text == "timeout" => {
                format!(
                    "there is no setting `{text}`: for each attempt, write `{form}`; for the run, `max_time = \"60s\"`"
                )
            }
            Some(Setting { form, .. }) => {
                format!("there is no setting `{text}`: did you mean `{form}`?")
            }
            None => format!(
                "there is no setting `{text}`: settings are called as the methods of `Retry`"
            ),
        }
    };
    Error::new(name.span(), message)
}

/// Something without `=` that is neither the first nor a setting.
fn misplaced(input: ParseStream<'_>) -> Error {
    if let Ok(name) = input.fork().call(Ident::parse_any) {
        if let Some(setting) = settings::nearest(&name.to_string()) {
            let message = format!("there is no setting `{name}`: did you mean `{}`?", setting.form);
            return Error::new(name.span(), message);
        }
    }
    let message =
        "a setting is written `name = value`, and only the policy, which comes first, has no name";
    match Expr::parse(&input.fork()) {
        Ok(expression) => Error::new_spanned(expression, message),
        Err(_) => input.error(message),
    }
}
