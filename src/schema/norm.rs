//! The normal form of text, one function for keys and for comparisons. RFC 7643 §2.2 (`caseExact`).

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// The form in which two values of an attribute are the same text.
///
/// Control characters are dropped. Unless `case_exact`, the rest is composed (NFC) and loses its case by simple
/// folding: full folding would make `straße` equal `strasse`, and lower case tells a final sigma from another.
pub fn norm(value: &str, case_exact: bool) -> String {
    let kept = value.chars().filter(|c| !c.is_control());
    if case_exact {
        return kept.collect();
    }
    if value.is_ascii() {
        return kept.map(|c| c.to_ascii_lowercase()).collect();
    }
    // Controls go first: one between a letter and its accent would keep them from composing.
    let kept: String = kept.collect();
    let (nfc, cases) = (ComposingNormalizer::new_nfc(), CaseMapper::new());
    let folded: String = nfc
        .normalize(&kept)
        .chars()
        .map(|c| cases.simple_fold(c))
        .collect();
    nfc.normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::norm;

    #[track_caller]
    fn same(left: &str, right: &str) {
        assert_eq!(
            norm(left, false),
            norm(right, false),
            "{left:?} and {right:?}"
        );
    }

    #[track_caller]
    fn differ(left: &str, right: &str) {
        assert_ne!(
            norm(left, false),
            norm(right, false),
            "{left:?} and {right:?}"
        );
    }

    #[test]
    fn case_is_folded_letter_by_letter() {
        same("Ada.Osei@Fabrikam.Example", "ada.osei@fabrikam.example");
        same("ΟΔΥΣΣΕΥΣ", "οδυσσευς");
        same("Straße", "STRAẞE");
        same("ÇELİK ÖZ", "çelİk öz");
        same("\u{1C4}", "\u{1C6}");
        same("\u{212A}", "k");
        differ("straße", "strasse");
        differ("İ", "i");
        differ("ı", "i");
        differ("ﬁn", "fin");
    }

    #[test]
    fn composed_and_decomposed_text_are_the_same() {
        same("Zoe\u{301}", "ZOÉ");
        same("e\u{301}\u{323}", "E\u{323}\u{301}");
        same("\u{212B}ngstro\u{308}m", "ångström");
        differ("Zoe", "Zoé");
        assert_eq!(norm("ZOE\u{301}", false), "zo\u{e9}");
    }

    #[test]
    fn control_characters_are_no_part_of_a_value() {
        assert_eq!(norm("A\u{0}d\u{1}a\u{7f}\n", false), "ada");
        assert_eq!(norm("e\u{85}\u{301}", false), "\u{e9}");
        assert_eq!(norm("\u{1}A\tE\u{301}", true), "AE\u{301}");
        assert_eq!(norm("\u{1}\u{2}", false), "");
    }

    #[test]
    fn exact_text_keeps_case_and_composition() {
        assert_eq!(norm("Zoe\u{301} İß", true), "Zoe\u{301} İß");
    }

    proptest! {
        #![proptest_config(crate::drawn::drawn())]

        #[test]
        fn a_norm_is_its_own_norm(value in any::<String>(), accented in "[a-zA-ZßẞσςΣİıéÉ\u{300}-\u{345}\u{1}]{0,12}", exact: bool) {
            for text in [value, accented] {
                let once = norm(&text, exact);
                prop_assert_eq!(norm(&once, exact), once);
            }
        }

        #[test]
        fn the_ascii_path_agrees_with_the_other(value in "[ -~\u{0}-\u{1f}]{0,20}") {
            prop_assert_eq!(norm(&value, false) + "é", norm(&(value + "é"), false));
        }
    }
}
