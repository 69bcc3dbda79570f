//! The organisation's log over a real store and real tiles: whatever fails, and whoever else is at work, the log stays
//! whole, no entry is lost, and nothing is signed or published that is not durable.

#[cfg(test)]
mod catching_up;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod witnessed;
