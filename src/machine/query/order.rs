//! The order of a listing: as a person counts, `node2` before `node10`.

/// What names are compared by: lower-cased runs of digits and of other characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    /// By its value, that is by length and digits without leading zeros; then more leading zeros come later.
    Digits { length: usize, digits: String, zeros: usize },
    /// Byte by byte; after digits.
    Text(String),
}

/// Sorts by natural order; names that differ only in case by their bytes.
pub fn natural<T>(items: &mut [T], name: impl Fn(&T) -> &str) {
    items.sort_by_cached_key(|item| (runs(&name(item).to_lowercase()), name(item).to_owned()));
}

fn runs(name: &str) -> Vec<Run> {
    let chars: Vec<char> = name.chars().collect();
    let runs = chars.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    runs.map(|run| to_run(run.iter().collect())).collect()
}

fn to_run(text: String) -> Run {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Run::Text(text);
    }
    let digits = text.trim_start_matches('0').to_owned();
    Run::Digits { length: digits.len(), zeros: text.len() - digits.len(), digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_a_person_counts() {
        let wanted =
            ["1x", "9", "10", "A", "a-2", "a-10", "node1", "node1a", "Node2", "node02", "node10", "Zed", "zed"];
        let mut names = wanted;
        names.reverse();
        natural(&mut names, |name| name);
        assert_eq!(names, wanted);
    }
}
