//! The one struct tree of the one configuration file.
