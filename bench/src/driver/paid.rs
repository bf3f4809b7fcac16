//! What Kiestoon is told besides where its users call out over a trunk, at a price.

use std::net::SocketAddrV4;
use std::path::Path;

use super::kiestoon::SetUp;

impl SetUp {
    /// Adds a trunk to that provider, over which every user may call out. With budgets, each user has one and all together have one,
    /// so large that no run spends it.
    pub(super) fn call_out(&mut self, folder: &Path, provider: SocketAddrV4, has_budgets: bool) {
        self.configuration.push_str(&format!("[trunks]\nrates = \"{}/rates\"\n", folder.display()));
        self.rates = RATES;
        self.dialplan.push_str(OUTSIDE);
        self.import.push_str(&format!(
            "[[trunk]]\nname = \"world\"\nhost = \"{provider}\"\ntransport = \"udp\"\ncaller_id_number = \"+31201234567\"\n"
        ));
        if has_budgets {
            self.import = self.import.replace("[[extension]]\n", "[[extension]]\nprofile = \"rich\"\n");
            self.import.push_str(BUDGETS);
        }
    }
}

const OUTSIDE: &str =
    "[[context.intern]]\nname = \"outside\"\nmatch = \"_+X.\"\ndo = [{ dial = \"trunk:world\" }]\n";

/// Of the numbers that the generator dials.
const RATES: &str = "prefix,per_minute,setup\n31,0.06,0\n";

/// The same in millionths of the currency, for a second.
pub(super) const COST_A_SECOND: u64 = 1000;

const BUDGETS: &str = "[[profile]]\nname = \"rich\"\nspend_per_day = 1000000\nspend_per_month = 1000000\n\
    [[organisation]]\nslug = \"default\"\nprofile = \"rich\"\n";

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn everybody_has_a_budget_or_nobody() {
        let calls_out = |has_budgets| {
            let extensions = "[[extension]]\nnumber = \"100\"\n[[extension]]\nnumber = \"101\"\n";
            let mut set_up = SetUp { import: extensions.to_owned(), ..SetUp::default() };
            set_up.call_out(Path::new("/x"), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5), has_budgets);
            set_up.import
        };
        let (plain, budgets) = (calls_out(false), calls_out(true));
        assert!(plain.contains("host = \"127.0.0.1:5\"") && !plain.contains("profile"), "{plain}");
        assert_eq!(
            budgets.matches("profile = \"rich\"").count(),
            3,
            "two users and their organisation: {budgets}"
        );
    }
}
