//! One device from its enrolment to its leaving, by the use-cases.
