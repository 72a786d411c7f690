//! From text to checked documents.

use crate::bundle::Bundle;
use crate::problem::Problem;

pub(crate) fn bundle<P: AsRef<str>, T: AsRef<str>>(_files: &[(P, T)]) -> Result<Bundle, Vec<Problem>> {
    Err(Vec::new())
}
