//! From rows to facts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use values::{Amount, Currency, Date, Decimal, Instant, Interval, Month, Zone};

use super::{Cell, KINDS, RECORDED_FIELDS, Row, RowProblem};
use crate::facts::{
    Agreement, Association, Award, Certification, Check, Costs, Customer, Decision, Enrollment, Exchange, Facts, Fee,
    Figure, Flow, Grain, Partner, PersonLink, Recorded, Seats, Subscription, Transaction, Usage,
};
use crate::parse::nearest::nearest;

impl Facts {
    /// Adds the fact that `row` describes; its days begin in `zone`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the row. Nothing is added then.
    pub fn add_row(&mut self, row: &Row, zone: &Zone) -> Result<(), Vec<RowProblem>> {
        let Some((_, fields)) = KINDS.iter().find(|(kind, _)| *kind == row.kind) else {
            let suggestion = nearest(&row.kind, KINDS.iter().map(|(kind, _)| *kind));
            let message = format!("unknown kind of fact `{}`", row.kind);
            return Err(vec![RowProblem { suggestion, ..RowProblem::new("", message) }]);
        };
        let take = Take { row, zone, problems: RefCell::default() };
        if !matches!(row.kind.as_str(), "customer" | "subscription" | "transaction") {
            take.refuse_unknown(fields);
        }
        let mut found = Facts::default();
        take.fact(&mut found, fields);
        let problems = take.problems.into_inner();
        if !problems.is_empty() {
            return Err(problems);
        }
        self.append(found);
        Ok(())
    }

    /// Adds all of `more`.
    pub fn append(&mut self, mut more: Facts) {
        self.partners.append(&mut more.partners);
        self.enrollments.append(&mut more.enrollments);
        self.agreements.append(&mut more.agreements);
        self.checks.append(&mut more.checks);
        self.fees.append(&mut more.fees);
        self.people.append(&mut more.people);
        self.certifications.append(&mut more.certifications);
        self.customers.append(&mut more.customers);
        self.subscriptions.append(&mut more.subscriptions);
        self.associations.append(&mut more.associations);
        self.usage.append(&mut more.usage);
        self.seats.append(&mut more.seats);
        self.transactions.append(&mut more.transactions);
        self.awards.append(&mut more.awards);
        self.decisions.append(&mut more.decisions);
        self.figures.append(&mut more.figures);
        self.exchange.append(&mut more.exchange);
    }
}

/// A row on its way to becoming a fact.
struct Take<'r> {
    row: &'r Row,
    zone: &'r Zone,
    problems: RefCell<Vec<RowProblem>>,
}

impl Take<'_> {
    fn problem(&self, field: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(RowProblem::new(field, message));
    }

    fn refuse_unknown(&self, fields: &[&'static str]) {
        let known = || fields.iter().chain(&RECORDED_FIELDS).copied();
        for name in self.row.fields.keys().filter(|name| !known().any(|field| field == name.as_str())) {
            let suggestion = nearest(name, known());
            let message = format!("a {} has no such field", self.row.kind);
            self.problems.borrow_mut().push(RowProblem { suggestion, ..RowProblem::new(name, message) });
        }
    }

    fn maybe(&self, field: &str) -> Option<String> {
        match self.row.fields.get(field)? {
            Cell::Text(text) if text.is_empty() => None,
            Cell::Text(text) => Some(text.clone()),
            Cell::List(_) => {
                self.problem(field, "expected a single value");
                None
            }
        }
    }

    fn or_empty(&self, field: &str) -> String {
        self.maybe(field).unwrap_or_default()
    }

    fn need(&self, field: &str) -> String {
        if self.row.text(field).is_none() {
            self.problem(field, "is missing");
        }
        self.or_empty(field)
    }

    /// Several words: a list, or one text with spaces between them.
    fn words(&self, field: &str) -> Vec<String> {
        match self.row.fields.get(field) {
            None => Vec::new(),
            Some(Cell::List(items)) => items.clone(),
            Some(Cell::Text(text)) => text.split_whitespace().map(str::to_owned).collect(),
        }
    }

    fn parsed<T: FromStr>(&self, field: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.maybe(field)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(field, error.to_string());
                None
            }
        }
    }

    fn required<T: FromStr>(&self, field: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        self.need(field);
        self.parsed(field)
    }

    /// An instant, or the start of a day.
    fn instant(&self, field: &str) -> Option<Instant> {
        let text = self.maybe(field)?;
        if let Ok(day) = Date::from_str(&text) {
            return Some(self.zone.start_of_day(day));
        }
        match text.parse() {
            Ok(instant) => Some(instant),
            Err(_) => {
                self.problem(field, format!("`{text}` is neither a day nor an instant"));
                None
            }
        }
    }

    fn at(&self, field: &str) -> Instant {
        self.need(field);
        self.instant(field).unwrap_or(Instant::MIN)
    }

    fn effective(&self) -> Interval {
        let start = self.instant("from").unwrap_or(Instant::MIN);
        match Interval::new(start, self.instant("until")) {
            Ok(interval) => interval,
            Err(error) => {
                self.problem("until", error.to_string());
                Interval::since(start)
            }
        }
    }

    fn recorded(&self, start: Instant) -> Recorded {
        Recorded {
            at: self.instant("recorded").unwrap_or(start),
            source: self.maybe("recorded-by").unwrap_or_else(|| "row".to_owned()),
            withdrawn: self.flag("withdrawn", false),
        }
    }

    fn flag(&self, field: &str, default: bool) -> bool {
        match self.maybe(field).as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                self.problem(field, format!("`{other}` is neither `true` nor `false`"));
                default
            }
        }
    }

    /// `USD 895`.
    fn amount(&self, field: &str) -> Option<Amount> {
        let text = self.maybe(field)?;
        let parts = text.split_once(' ').and_then(|(currency, value)| {
            let value: String = value.trim().chars().filter(|letter| *letter != '_').collect();
            Some(Amount { value: Decimal::from_str(&value).ok()?, currency: Currency::from_str(currency).ok()? })
        });
        if parts.is_none() {
            self.problem(field, format!("`{text}` is not an amount such as `USD 895`"));
        }
        parts
    }

    fn choice<T: Copy>(&self, field: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(word) = self.maybe(field) else { return default };
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => *value,
            None => {
                let suggestion = nearest(&word, choices.iter().map(|(name, _)| *name));
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let message = format!("`{word}` is none of {}", names.join(", "));
                self.problems.borrow_mut().push(RowProblem { suggestion, ..RowProblem::new(field, message) });
                default
            }
        }
    }

    /// Fields beyond those of the kind.
    fn further(&self, known: &[&'static str]) -> BTreeMap<String, String> {
        let own = |name: &&String| !known.contains(&name.as_str()) && !RECORDED_FIELDS.contains(&name.as_str());
        let names: Vec<&String> = self.row.fields.keys().filter(own).collect();
        names.into_iter().filter_map(|name| Some((name.clone(), self.maybe(name)?))).collect()
    }

    fn fact(&self, into: &mut Facts, fields: &[&'static str]) {
        match self.row.kind.as_str() {
            "partner" | "enrollment" | "agreement" | "check" | "fee" => self.about_partner(into),
            "person" | "certification" => self.about_person(into),
            "customer" | "subscription" | "association" => self.about_customer(into, fields),
            "usage" => into.usage.extend(self.usage()),
            "seats" => {
                let from = self.at("from");
                let count = self.required("count").unwrap_or_default();
                into.seats.push(Seats {
                    subscription: self.need("subscription"),
                    count,
                    from,
                    recorded: self.recorded(from),
                });
            }
            "transaction" => into.transactions.push(self.transaction(fields)),
            _ => self.judged(into),
        }
    }

    fn about_partner(&self, into: &mut Facts) {
        let partner = self.need("partner");
        if self.row.kind == "fee" {
            let paid = self.at("paid");
            self.need("amount");
            let recorded = self.recorded(paid);
            into.fees.extend(self.amount("amount").map(|amount| Fee {
                partner,
                fee: self.need("fee"),
                amount,
                paid,
                recorded,
            }));
            return;
        }
        let effective = self.effective();
        let recorded = self.recorded(effective.start());
        match self.row.kind.as_str() {
            "partner" => into.partners.push(Partner {
                partner,
                parent: self.maybe("parent"),
                country: self.or_empty("country"),
                business_types: self.words("business-types"),
                status: self.maybe("status").unwrap_or_else(|| "active".to_owned()),
                effective,
                recorded,
            }),
            "enrollment" => into.enrollments.push(Enrollment {
                partner,
                program: self.need("program"),
                anniversary: self.parsed("anniversary"),
                fee_paid_until: self.parsed("fee-paid-until"),
                effective,
                recorded,
            }),
            "agreement" => into.agreements.push(Agreement {
                partner,
                agreement: self.need("agreement"),
                version: self.maybe("version").unwrap_or_else(|| "1".to_owned()),
                effective,
                recorded,
            }),
            _ => {
                let passed = self.flag("passed", true);
                into.checks.push(Check { partner, check: self.need("check"), passed, effective, recorded });
            }
        }
    }

    fn about_person(&self, into: &mut Facts) {
        let (learner, effective) = (self.need("learner"), self.effective());
        let recorded = self.recorded(effective.start());
        if self.row.kind == "person" {
            into.people.push(PersonLink { learner, partner: self.need("partner"), effective, recorded });
        } else {
            let certification = self.need("certification");
            let retired = self.instant("retired");
            into.certifications.push(Certification { learner, certification, effective, retired, recorded });
        }
    }

    fn about_customer(&self, into: &mut Facts, fields: &[&'static str]) {
        let (customer, effective) = (self.need("customer"), self.effective());
        let recorded = self.recorded(effective.start());
        match self.row.kind.as_str() {
            "customer" => into.customers.push(Customer {
                customer,
                country: self.or_empty("country"),
                fields: self.further(fields),
                effective,
                recorded,
            }),
            "subscription" => into.subscriptions.push(Subscription {
                subscription: self.need("subscription"),
                customer,
                product: self.or_empty("product"),
                workloads: self.words("workloads"),
                offer_type: self.or_empty("offer-type"),
                motion: self.or_empty("purchasing-motion"),
                agreement_type: self.or_empty("agreement-type"),
                term: self.or_empty("term"),
                deal: self.maybe("deal"),
                renewal: self.parsed("renewal"),
                fields: self.further(fields),
                effective,
                recorded,
            }),
            _ => into.associations.push(Association {
                association: self.need("id"),
                partner: self.need("partner"),
                kind: self.need("kind"),
                customer,
                subscription: self.maybe("subscription"),
                workload: self.maybe("workload"),
                role: self.maybe("role"),
                effective,
                recorded,
            }),
        }
    }

    fn usage(&self) -> Option<Usage> {
        let start = self.at("start");
        Some(Usage {
            subscription: self.need("subscription"),
            workload: self.or_empty("workload"),
            meter: self.or_empty("meter"),
            start,
            grain: self.choice("grain", &[("hour", Grain::Hour), ("record", Grain::Record)], Grain::Hour),
            flow: self.choice("flow", &[("flow", Flow::Flow), ("level", Flow::Level)], Flow::Flow),
            quantity: self.parsed("quantity").unwrap_or_default(),
            unit: self.or_empty("unit"),
            costs: Costs {
                billed: self.parsed("billed-cost"),
                effective: self.parsed("effective-cost"),
                list: self.parsed("list-cost"),
                contracted: self.parsed("contracted-cost"),
            },
            currency: self.required("currency")?,
            recorded: self.recorded(start),
        })
    }

    fn transaction(&self, fields: &[&'static str]) -> Transaction {
        let at = self.at("at");
        Transaction {
            transaction: self.need("id"),
            kind: self.need("transaction"),
            partner: self.maybe("partner"),
            customer: self.or_empty("customer"),
            subscription: self.maybe("subscription"),
            product: self.or_empty("product"),
            workload: self.or_empty("workload"),
            deal: self.maybe("deal"),
            at,
            amount: self.amount("amount"),
            seats: self.parsed("seats"),
            reverses: self.maybe("reverses"),
            fields: self.further(fields),
            recorded: self.recorded(at),
        }
    }

    /// Awards, decisions, figures and rates of exchange.
    fn judged(&self, into: &mut Facts) {
        if matches!(self.row.kind.as_str(), "figure" | "exchange") {
            let month: Option<Month> = self.required("month");
            let number = self.required(if self.row.kind == "figure" { "value" } else { "rate" });
            let Some((month, value)) = month.zip(number) else { return };
            let recorded = self.recorded(self.zone.whole_month(month).start());
            if self.row.kind == "figure" {
                let (partner, figure) = (self.need("partner"), self.need("figure"));
                into.figures.push(Figure { partner, figure, month, value, recorded });
            } else if let (Some(from), Some(to)) = (self.required("from"), self.required("to")) {
                into.exchange.push(Exchange { from, to, month, rate: value, recorded });
            }
            return;
        }
        let effective = self.effective();
        let recorded = self.recorded(effective.start());
        if self.row.kind == "award" {
            into.awards.push(Award {
                partner: self.need("partner"),
                program: self.or_empty("program"),
                award: self.need("award"),
                division: self.or_empty("division"),
                level: self.or_empty("level"),
                effective,
                recorded,
            });
        } else {
            into.decisions.push(Decision {
                subject: self.need("subject"),
                decision: self.need("decision"),
                value: self.or_empty("value"),
                reason: self.or_empty("reason"),
                effective,
                recorded,
            });
        }
    }
}
