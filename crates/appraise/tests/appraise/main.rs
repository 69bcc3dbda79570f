//! Appraisals: exact examples, properties over arbitrary evidence and policies, fix commands, bodies, shared appraisals,
//! references, speed.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixes;
#[cfg(test)]
mod made;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod references;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod speed;
