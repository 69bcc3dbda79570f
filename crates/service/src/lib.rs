//! The organisation: enrol, accept evidence, issue, read with recorded access; ports of the store.
