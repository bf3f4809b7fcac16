//! Portugal: the thirteen days of the labour code, and those of the Azores (`20`) and Madeira (`30`). Shrove Tuesday is
//! optional, and each municipality has a day of its own (13 June in Lisbon, 24 June in Porto): they are left to dates.

use super::Country;
use super::rule::Holiday;

pub(super) static COUNTRY: Country = Country {
    name: "pt",
    regions: &["20", "30"],
    days: &[
        Holiday::on(1, 1, "Ano Novo"),
        Holiday::easter(-2, "Sexta-feira Santa"),
        Holiday::easter(0, "Domingo de Páscoa"),
        Holiday::on(4, 25, "Dia da Liberdade"),
        Holiday::on(5, 1, "Dia do Trabalhador"),
        Holiday::easter(50, "Dia da Região Autónoma dos Açores").only(&["20"]),
        Holiday::easter(60, "Corpo de Deus"),
        Holiday::on(6, 10, "Dia de Portugal"),
        Holiday::on(7, 1, "Dia da Região Autónoma da Madeira").only(&["30"]),
        Holiday::on(8, 15, "Assunção de Nossa Senhora"),
        Holiday::on(10, 5, "Implantação da República"),
        Holiday::on(11, 1, "Dia de Todos os Santos"),
        Holiday::on(12, 1, "Restauração da Independência"),
        Holiday::on(12, 8, "Imaculada Conceição"),
        Holiday::on(12, 25, "Natal"),
        Holiday::on(12, 26, "Primeira Oitava").only(&["30"]),
    ],
};
