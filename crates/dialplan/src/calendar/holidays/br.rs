//! Brazil: the national days. Carnival and Corpus Christi are optional by law (`ponto facultativo`), though most offices
//! close: `br-facultativo` has them too, from Carnival's Monday on. Days of states and towns are left to dates.

use super::Country;
use super::rule::Holiday;

pub(super) static COUNTRY: Country = Country {
    name: "br",
    regions: &["facultativo"],
    days: &[
        Holiday::on(1, 1, "Confraternização Universal"),
        Holiday::easter(-48, "Carnaval").only(&["facultativo"]),
        Holiday::easter(-47, "Carnaval").only(&["facultativo"]),
        Holiday::easter(-2, "Sexta-feira Santa"),
        Holiday::on(4, 21, "Tiradentes"),
        Holiday::on(5, 1, "Dia do Trabalhador"),
        Holiday::easter(60, "Corpus Christi").only(&["facultativo"]),
        Holiday::on(9, 7, "Independência do Brasil"),
        Holiday::on(10, 12, "Nossa Senhora Aparecida"),
        Holiday::on(11, 2, "Finados"),
        Holiday::on(11, 15, "Proclamação da República"),
        Holiday::on(11, 20, "Consciência Negra").since(2024),
        Holiday::on(12, 25, "Natal"),
    ],
};
