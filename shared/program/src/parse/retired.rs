//! Keys that were read once and never decided anything.
//!
//! A document that ruled with one of them still loads and gives what it gave: the key is passed over. The check finds
//! it, so that no document takes effect with it any more, and the schema does not know it.

/// The keys, each by its path with `*` for any name, and what says or does what it seemed to say.
pub(crate) const RETIRED: [(&str, &str); 18] = [
    ("attribution.rows", "every partner keeps its whole row, whatever is said"),
    ("awards.*.begins.further", "whoever is enrolled gets further awards at once"),
    ("awards.*.held-by", "an award is held by the account that `conventions.partner-level` names"),
    ("awards.*.level", "of several levels the highest that holds is given, whatever is said"),
    ("awards.*.per", "what an award is held for is what the program is split into"),
    ("awards.*.statuses", "how a partner may stand follows from the award's life"),
    ("claims.judged-per", "a claim is one decision for the `scope` of its kind"),
    ("conventions.exchange.table", "rates of exchange are facts, and there is one table of them"),
    ("kinds.*.needs", "what is handed in with a claim stands in `claims.states`, who may have what in `benefits`"),
    (
        "kinds.*.on-renewal-with-a-new-id",
        "an association with a subscription covers no other; `ends-with` says so of the rest",
    ),
    ("kinds.*.one-per", "`exclusive` and `scope` say of what there is one"),
    ("kinds.*.said-by.by", "who may say it is `customer`, `partner` or `feed`"),
    ("kinds.*.starts", "`restated: none` counts from the recording on, `restated: forward` from the start"),
    (
        "payment.corrections",
        "a correction is always an adjustment in the next open period, by the rules of the corrected day",
    ),
    ("people.belong-to", "a person is linked to one partner at a time, whatever a program says"),
    ("people.counted-for", "people count for the account that `conventions.partner-level` names"),
    ("people.links", "how often a person may link to another partner is the same for all programs"),
    ("transition.if-several", "of several former levels the highest is mapped, whatever is said"),
];

/// What is said of the key at this path, where it is one of them.
pub(crate) fn retired(path: &str) -> Option<&'static str> {
    let steps = || path.split('.');
    let names = |known: &str| {
        known.split('.').count() == steps().count()
            && known.split('.').zip(steps()).all(|(known, step)| known == "*" || known == step)
    };
    RETIRED.into_iter().find(|(known, _)| names(known)).map(|(_, says)| says)
}
