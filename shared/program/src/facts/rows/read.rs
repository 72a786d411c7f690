//! From rows to facts.

use std::cell::RefCell;

use values::{Month, Zone};

use super::take::Take;
use super::{KINDS, Row, RowProblem};
use crate::facts::{
    Agreement, Association, Award, Certification, Check, Costs, Customer, Decision, Enrollment, Exchange, Facts, Fee,
    Figure, Flow, Grain, Partner, PersonLink, Seats, Subscription, Transaction, Usage,
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

impl Take<'_> {
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
