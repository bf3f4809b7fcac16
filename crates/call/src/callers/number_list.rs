//! A list of numbers as nuisance callers are published: one a line, in E.164.

use super::Numbers;

/// What a list says.
#[derive(Debug, Default)]
pub struct NumberList {
    /// Its numbers.
    pub numbers: Numbers,
    /// The first line that is none, from 1, and how many there are.
    pub wrong: Option<(u32, usize)>,
}

impl NumberList {
    /// Reads a list; a line may have a comment behind `#`, and separators for the eye in its number.
    pub fn read(text: &str) -> Self {
        let (mut numbers, mut wrong) = (Vec::new(), Vec::new());
        for (line, written) in (1..).zip(text.lines()) {
            let written = written.split('#').next().unwrap_or_default().trim();
            let number: String = written.chars().filter(|c| !" -.()/".contains(*c)).collect();
            match number.as_str() {
                "" => {}
                _ if is_number(&number) => numbers.push(number),
                _ => wrong.push(line),
            }
        }
        let wrong = wrong.first().map(|first| (*first, wrong.len()));
        Self { numbers: Numbers::new(numbers.iter().map(String::as_str)), wrong }
    }
}

fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_whole = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    is_whole && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_number() {
        let text = "# nuisance\n+31201234567\n\n+31 20 555-5555  # again\n+31201234567\r\n0201\n+x\n";
        let listed = NumberList::read(text);
        assert_eq!((listed.numbers.len(), listed.wrong), (2, Some((6, 2))));
        assert_eq!(NumberList::read("").wrong, None);
    }
}
