//! Telephone numbers digit by digit, and text letter by letter.

use super::{Language, MOST_READ, MOST_SPOKEN, Words};

/// Digits, `+`, `*` and `#`, with the marks between them that people write; None where anything else is there, or nothing.
pub(super) fn digits(text: &str, words: &mut Words) -> Option<()> {
    let mut spoken = 0;
    for character in text.chars().take(MOST_READ) {
        match character {
            ' ' | '-' | '.' | '(' | ')' => continue,
            '0'..='9' | '+' | '*' | '#' => {}
            _ => return None,
        }
        if spoken < MOST_SPOKEN {
            spoken += 1;
            sign(character, words);
        }
    }
    (spoken > 0).then_some(())
}

/// Letters, digits and signs; accents are left out, where the language does not take the letter for another one.
pub(super) fn letters(text: &str, language: Language, words: &mut Words) -> Option<()> {
    let mut spoken = 0;
    for character in text.chars().take(MOST_READ) {
        if character.is_whitespace() {
            continue;
        }
        let name = letter(character, language)?;
        if spoken < MOST_SPOKEN {
            spoken += 1;
            match name {
                Letter::Plain(letter) => sign(letter, words),
                Letter::Named(name) => words.word(name),
            }
        }
    }
    (spoken > 0).then_some(())
}

enum Letter {
    /// A letter of `a` to `z`, a digit or a sign.
    Plain(char),
    Named(&'static str),
}

fn letter(character: char, language: Language) -> Option<Letter> {
    let lower = character.to_lowercase().next().unwrap_or(character);
    let own = match lower {
        'ä' => "a-umlaut",
        'ö' => "o-umlaut",
        'ü' => "u-umlaut",
        'ß' => "eszett",
        _ => "",
    };
    if language == Language::German && !own.is_empty() {
        return Some(Letter::Named(own));
    }
    let plain = match lower {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ß' => 's',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        other => other,
    };
    (plain.is_ascii_alphanumeric() || name_of(plain).is_some()).then_some(Letter::Plain(plain))
}

fn sign(character: char, words: &mut Words) {
    match name_of(character) {
        Some(name) => words.word(name),
        None => words.word(character.encode_utf8(&mut [0; 4])),
    }
}

/// The recording of a sign; None for what is its own name.
fn name_of(sign: char) -> Option<&'static str> {
    Some(match sign {
        '+' => "plus",
        '*' => "star",
        '#' => "hash",
        '-' => "dash",
        '.' => "dot",
        '_' => "underscore",
        '@' => "at",
        '/' => "slash",
        _ => return None,
    })
}

/// What is needed for digits.
pub(super) const DIAL_SIGNS: [&str; 3] = ["plus", "star", "hash"];
/// What is needed for spelled text beside that.
pub(super) const SIGNS: [&str; 5] = ["dash", "dot", "underscore", "at", "slash"];
/// What is needed for spelled German beside that.
pub(super) const GERMAN_LETTERS: [&str; 4] = ["a-umlaut", "o-umlaut", "u-umlaut", "eszett"];
