//! A column of a sheet: one number of each partner of a block, exactly.

use num_integer::Integer as _;
use values::Ratio;

/// Numerators and denominators of cells stay below this, in lowest terms.
pub const LARGEST: i64 = 1 << 40;

/// Columns count in parts of at most this denominator; what needs a finer one is kept as fractions.
const FINEST: i64 = 10_000;

/// What was measured of one partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Numerator and denominator, in lowest terms.
    Number(i64, i64),
    /// It has none: a share of nothing, growth from nothing.
    Absent,
    /// A number that needs more digits than a column has.
    Wide,
}

impl Cell {
    /// The cell of a number.
    pub fn of(value: &Ratio) -> Cell {
        let words = value.words().and_then(|(numerator, denominator)| {
            Some((i64::try_from(numerator).ok()?, i64::try_from(denominator).ok()?))
        });
        match words {
            Some((numerator, denominator)) if numerator.abs() < LARGEST && denominator < LARGEST => {
                Cell::Number(numerator, denominator)
            }
            _ => Cell::Wide,
        }
    }

    /// Nothing where there is no number: whoever it matters to asks [`Column::present`].
    fn number(self) -> (i64, i64) {
        match self {
            Cell::Number(numerator, denominator) => (numerator, denominator),
            Cell::Absent | Cell::Wide => (0, 1),
        }
    }
}

/// One number of each partner of a block.
pub struct Column {
    /// The numbers.
    pub form: Form,
    /// All bits where there is a number and none where it is absent; nothing where none is.
    pub present: Option<Vec<i32>>,
    /// The partners whose number does not fit.
    pub wide: Vec<usize>,
}

/// How the numbers of a column are kept.
pub enum Form {
    /// So many `1/per`.
    Short { per: i64, values: Vec<i32> },
    /// The same where some are large.
    Long { per: i64, values: Vec<i64> },
    /// Fractions with denominators of their own.
    Fractions { numerators: Vec<i64>, denominators: Vec<i64> },
}

/// What of a column its loops depend on, whatever the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// [`Form::Short`] of so many parts.
    Short(i64),
    /// [`Form::Long`] of so many parts.
    Long(i64),
    /// [`Form::Fractions`].
    Fractions,
}

impl Column {
    /// The column of some cells, in the narrowest form that holds them.
    pub fn of(cells: &[Cell]) -> Column {
        let absent = cells.contains(&Cell::Absent);
        let present = |cell: &Cell| -i32::from(*cell != Cell::Absent);
        Column {
            form: Form::of(cells),
            present: absent.then(|| cells.iter().map(present).collect()),
            wide: (0..cells.len()).filter(|place| cells[*place] == Cell::Wide).collect(),
        }
    }

    /// The number of the partner at a place.
    pub fn cell(&self, place: usize) -> Cell {
        if self.wide.binary_search(&place).is_ok() {
            return Cell::Wide;
        }
        if self.present.as_ref().and_then(|present| present.get(place)) == Some(&0) {
            return Cell::Absent;
        }
        let found = match &self.form {
            Form::Short { per, values } => values.get(place).map(|value| (i64::from(*value), *per)),
            Form::Long { per, values } => values.get(place).map(|value| (*value, *per)),
            Form::Fractions { numerators, denominators } => {
                numerators.get(place).copied().zip(denominators.get(place).copied())
            }
        };
        found.map_or(Cell::Absent, |(numerator, denominator)| Cell::Number(numerator, denominator))
    }

    /// What its loops depend on.
    pub fn shape(&self) -> Shape {
        match &self.form {
            Form::Short { per, .. } => Shape::Short(*per),
            Form::Long { per, .. } => Shape::Long(*per),
            Form::Fractions { .. } => Shape::Fractions,
        }
    }
}

impl Form {
    fn of(cells: &[Cell]) -> Form {
        if let Some((per, values)) = same_parts(cells) {
            let short: Option<Vec<i32>> = values.iter().map(|value| i32::try_from(*value).ok()).collect();
            return match short {
                Some(values) => Form::Short { per, values },
                None => Form::Long { per, values },
            };
        }
        let (numerators, denominators) = cells.iter().map(|cell| cell.number()).unzip();
        Form::Fractions { numerators, denominators }
    }
}

/// All numbers in parts of one denominator, where that is not too fine and none becomes too large.
fn same_parts(cells: &[Cell]) -> Option<(i64, Vec<i64>)> {
    let mut per: i64 = 1;
    for cell in cells {
        let denominator = cell.number().1;
        if per % denominator != 0 {
            // Both are below the largest cell's, but their product may not be a machine word.
            per = Some(denominator).filter(|it| *it <= FINEST)?.lcm(&per);
        }
        if per > FINEST {
            return None;
        }
    }
    let values = cells.iter().map(|cell| {
        let (numerator, denominator) = cell.number();
        numerator.checked_mul(per / denominator).filter(|value| value.abs() < LARGEST)
    });
    Some((per, values.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(numerator: i128, denominator: i128) -> Cell {
        Cell::of(&Ratio::of(numerator, denominator))
    }

    #[test]
    fn a_column_takes_the_narrowest_form_that_is_exact() {
        let shape = |cells: &[Cell]| Column::of(cells).shape();
        assert_eq!(shape(&[cell(3, 1), cell(-4, 2)]), Shape::Short(1));
        assert_eq!(shape(&[cell(150, 100), cell(1, 100), cell(7, 1)]), Shape::Short(100));
        assert_eq!(shape(&[cell(1, 2), cell(3_000_000_000, 1)]), Shape::Long(2));
        assert_eq!(shape(&[cell(1, 7), cell(1, 10_007)]), Shape::Fractions);
        assert_eq!(shape(&[cell(1, 9_999), cell(1, 9_998)]), Shape::Fractions);
        // In hundredths the second would be too large.
        assert_eq!(shape(&[cell(1, 100), cell(1 << 39, 1)]), Shape::Fractions);
    }

    #[test]
    fn what_does_not_fit_or_is_not_there_is_marked() {
        assert_eq!(cell(i128::from(LARGEST), 1), Cell::Wide);
        assert_eq!(cell(i128::from(LARGEST) * 6, 9), Cell::Wide);
        assert_eq!(cell(-6, 9), Cell::Number(-2, 3));
        let column = Column::of(&[cell(1, 1), Cell::Absent, Cell::Wide]);
        assert_eq!((column.present.as_deref(), &column.wide[..]), (Some(&[-1, 0, -1][..]), &[2][..]));
        assert!(Column::of(&[cell(1, 1)]).present.is_none());
    }
}
