//! What somebody sees of a name: letters that look alike are one, whatever script they are of (Unicode Technical Standard 39 calls them
//! confusable). Not all of them: those of a line of Latin text that somebody would write to be taken for another.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Its characters in their plainest form (NFKD), small, without accents.
pub(super) fn seen(name: &str) -> impl Iterator<Item = char> + '_ {
    // What decomposes into marks without end is cut, as every name is before it comes here.
    name.nfkd().take(LONGEST).filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)
}

/// The letter that stands for all that look like this one.
pub(super) fn alike(c: char) -> char {
    match c {
        '0' | 'о' | 'ο' | 'ø' | 'օ' => 'o',
        '1' | 'i' | 'ı' | 'і' | 'ι' | 'ӏ' | 'ł' => 'l',
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' => 'c',
        'đ' | 'ԁ' => 'd',
        'е' | 'ε' | 'є' => 'e',
        'һ' => 'h',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'н' | 'η' | 'п' => 'n',
        'р' | 'ρ' => 'p',
        'ѕ' | '5' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ц' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'ζ' => 'z',
        other => other,
    }
}

/// Whether a name is a number, and not that of whoever has it: phones show the name, and people call it back.
pub(super) fn is_another_number(name: &str, number: &str) -> bool {
    let mut digits = String::new();
    for c in seen(name) {
        match c {
            '0'..='9' => digits.push(c),
            // A digit of another script is none of this number.
            c if c.is_numeric() => digits.push('?'),
            c if c.is_alphabetic() => return false,
            _ => {}
        }
    }
    // With or without its country.
    let own = digits.trim_start_matches('0');
    digits.len() >= SHORTEST && (own.len() < SHORTEST || !number.ends_with(own))
}

/// Characters of a name.
const LONGEST: usize = 256;
/// Digits of a number that somebody might call.
const SHORTEST: usize = 3;
