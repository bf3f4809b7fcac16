//! Belgium: the ten days of the royal decree of 18 April 1974. The days of the communities (11 July, 27 September,
//! 15 November) close their own offices only.

use super::Country;
use super::rule::Holiday;

pub(super) static COUNTRY: Country = Country {
    name: "be",
    regions: &[],
    days: &[
        Holiday::on(1, 1, "Nieuwjaar"),
        Holiday::easter(1, "Paasmaandag"),
        Holiday::on(5, 1, "Dag van de Arbeid"),
        Holiday::easter(39, "Onze-Lieve-Heer-Hemelvaart"),
        Holiday::easter(50, "Pinkstermaandag"),
        Holiday::on(7, 21, "Nationale feestdag"),
        Holiday::on(8, 15, "Onze-Lieve-Vrouw-Hemelvaart"),
        Holiday::on(11, 1, "Allerheiligen"),
        Holiday::on(11, 11, "Wapenstilstand"),
        Holiday::on(12, 25, "Kerstmis"),
    ],
};
