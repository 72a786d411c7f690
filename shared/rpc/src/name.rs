//! Resource names: patterns that parse them into ids and format them back.

use values::Id;

/// The pattern of a resource name: `partners/{partner}/enrollments/{enrollment}`.
///
/// ```
/// const ENROLLMENT: rpc::name::Pattern = rpc::name::Pattern::new("partners/{partner}/enrollments/{enrollment}");
/// let [partner, enrollment] = ENROLLMENT.parse("partners/contoso/enrollments/cloud")?;
/// assert_eq!(ENROLLMENT.format([&partner, &enrollment]), "partners/contoso/enrollments/cloud");
/// # Ok::<(), rpc::name::NameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern(&'static str);

/// A name that does not fit its pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must look like `{pattern}`, where an id has 1 to 63 lower-case letters, digits or hyphens")]
pub struct NameError {
    /// The pattern that it should fit.
    pub pattern: &'static str,
}

impl Pattern {
    /// A pattern of literal segments and `{ids}`.
    pub const fn new(pattern: &'static str) -> Pattern {
        Pattern(pattern)
    }

    /// The pattern as text.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// The ids in a name, in the order of the pattern. `N` must be the number of ids in it.
    ///
    /// # Errors
    /// [`NameError`] when the name does not fit, or an id is not one.
    pub fn parse<const N: usize>(&self, name: &str) -> Result<[Id; N], NameError> {
        let ids: Option<Vec<Id>> = self.segments(name).and_then(|all| all.map(|id| id.parse().ok()).collect());
        ids.and_then(|ids| ids.try_into().ok()).ok_or(NameError { pattern: self.0 })
    }

    /// As [`Pattern::parse`], for the parent of a list: `-` in place of an id means any, and is
    /// `None` in the result.
    ///
    /// # Errors
    /// [`NameError`] when the name does not fit.
    pub fn parse_wild<const N: usize>(&self, name: &str) -> Result<[Option<Id>; N], NameError> {
        let one = |id: &str| if id == "-" { Some(None) } else { id.parse().ok().map(Some) };
        let ids: Option<Vec<Option<Id>>> = self.segments(name).and_then(|all| all.map(one).collect());
        ids.and_then(|ids| ids.try_into().ok()).ok_or(NameError { pattern: self.0 })
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        self.segments(name).is_some_and(|mut ids| ids.all(|id| id.parse::<Id>().is_ok()))
    }

    /// The name with these ids. Their number is the pattern's: a shorter list leaves the rest of
    /// the name out, which the round trip in a service's tests would show.
    pub fn format<const N: usize>(&self, ids: [&(impl AsRef<str> + ?Sized); N]) -> String {
        let mut ids = ids.into_iter();
        let mut name = String::with_capacity(self.0.len() + 16);
        for segment in self.0.split('/') {
            if !name.is_empty() {
                name.push('/');
            }
            if segment.starts_with('{') {
                name.push_str(ids.next().map_or("", AsRef::as_ref));
            } else {
                name.push_str(segment);
            }
        }
        name
    }

    /// The texts at the places of the ids, when the literal segments fit.
    fn segments<'a>(&self, name: &'a str) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
        let pattern = self.0;
        let fits = pattern.split('/').count() == name.split('/').count()
            && pattern.split('/').zip(name.split('/')).all(|(want, have)| want.starts_with('{') || want == have);
        fits.then(|| pattern.split('/').zip(name.split('/')).filter(|(want, _)| want.starts_with('{')).map(|it| it.1))
    }
}

/// The start of a name up to and with the id of its first collection: the account that a name
/// below it belongs to. `partners/contoso/enrollments/cloud` belongs to `partners/contoso`.
pub fn account(name: &str) -> &str {
    let mut slashes = name.match_indices('/').map(|(at, _)| at);
    slashes.nth(1).map_or(name, |end| &name[..end])
}
