//! France: the eleven days of the labour code. Alsace and Moselle (`als`, or a department) have two more, the overseas
//! departments each the day on which slavery ended there.

use super::Country;
use super::rule::Holiday;

pub(super) static COUNTRY: Country = Country {
    name: "fr",
    regions: &["als", "57", "67", "68", "971", "972", "973", "974", "976"],
    days: &[
        Holiday::on(1, 1, "Jour de l'an"),
        Holiday::easter(-2, "Vendredi saint").only(ALSACE_MOSELLE),
        Holiday::easter(1, "Lundi de Pâques"),
        Holiday::on(4, 27, "Abolition de l'esclavage").only(&["976"]),
        Holiday::on(5, 1, "Fête du Travail"),
        Holiday::on(5, 8, "Victoire 1945"),
        Holiday::on(5, 22, "Abolition de l'esclavage").only(&["972"]),
        Holiday::on(5, 27, "Abolition de l'esclavage").only(&["971"]),
        Holiday::easter(39, "Ascension"),
        Holiday::easter(50, "Lundi de Pentecôte"),
        Holiday::on(6, 10, "Abolition de l'esclavage").only(&["973"]),
        Holiday::on(7, 14, "Fête nationale"),
        Holiday::on(8, 15, "Assomption"),
        Holiday::on(11, 1, "Toussaint"),
        Holiday::on(11, 11, "Armistice 1918"),
        Holiday::on(12, 20, "Abolition de l'esclavage").only(&["974"]),
        Holiday::on(12, 25, "Noël"),
        Holiday::on(12, 26, "Saint-Étienne").only(ALSACE_MOSELLE),
    ],
};

const ALSACE_MOSELLE: &[&str] = &["als", "57", "67", "68"];
