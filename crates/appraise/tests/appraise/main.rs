//! Appraisals: exact examples, properties over arbitrary evidence and policies, fix commands, speed.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixes;
#[cfg(test)]
mod made;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod speed;
