//! Every SQL statement and migration of Kiestoon, and the sealing of secrets at rest.
