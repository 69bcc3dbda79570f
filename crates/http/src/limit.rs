//! How often somebody may ask: a token bucket per key, in bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use seaworthy_protocol::Digest;

use crate::client::Client;

/// Locks are divided, so that busy clients rarely wait for each other.
const SHARDS: usize = 16;

/// How often one key may ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second in the long run; above zero.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// How often requests may come, whatever they ask for. Without a limit unless told.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// From one client address.
    pub per_address: Limit<Client>,
    /// With one API token, from wherever; tokens go by the SHA-256 of their secret.
    pub per_token: Limit<Digest>,
}

impl Limits {
    /// Counts a request for whoever can be told; where it comes too early, says how long to wait.
    pub(crate) fn take(&self, client: Option<Client>, token: Option<Digest>, now: Instant) -> Result<(), Duration> {
        client.map_or(Ok(()), |client| self.per_address.take(client, now))?;
        token.map_or(Ok(()), |token| self.per_token.take(token, now))
    }
}

/// One limit for each key, if there is one.
#[derive(Clone, Debug)]
pub struct Limit<K>(Option<Arc<RateLimiter<K>>>);

impl<K> Default for Limit<K> {
    fn default() -> Limit<K> {
        Limit(None)
    }
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// So many requests a second, five seconds' worth at once; 0 is no limit.
    pub fn per_second(requests: u32) -> Limit<K> {
        let rate = Rate { per_second: f64::from(requests), burst: f64::from(requests) * 5.0 };
        Limit((requests > 0).then(|| Arc::new(RateLimiter::new(rate, 65_536))))
    }

    fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        self.0.as_ref().map_or(Ok(()), |limiter| limiter.take(key, now))
    }
}

/// A token bucket per key. At most `keys` are remembered; where more ask, those that have been quiet longest are
/// forgotten, and begin anew with a full bucket.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    keys_per_shard: usize,
    hasher: RandomState,
    shards: [Mutex<HashMap<K, Bucket>>; SHARDS],
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// One rate for every key.
    pub fn new(rate: Rate, keys: usize) -> RateLimiter<K> {
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::new()));
        RateLimiter { rate, keys_per_shard: keys.div_ceil(SHARDS).max(1), hasher: RandomState::new(), shards }
    }

    /// Takes one token; where there is none, says how long until there is.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let shard = usize::try_from(self.hasher.hash_one(&key) % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(shard) else { return Ok(()) };
        let mut buckets = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.keys_per_shard && !buckets.contains_key(&key) {
            self.forget(&mut buckets, now);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: self.rate.burst, at: now });
        bucket.tokens = self.refilled(bucket, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.rate.per_second))
    }

    fn refilled(&self, bucket: &Bucket, now: Instant) -> f64 {
        let quiet = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.tokens + quiet * self.rate.per_second).min(self.rate.burst)
    }

    /// A full bucket is as good as none. Where all are in use, the older half goes: seldom, so that it costs little.
    fn forget(&self, buckets: &mut HashMap<K, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| self.refilled(bucket, now) < self.rate.burst);
        if buckets.len() < self.keys_per_shard {
            return;
        }
        let mut ages: Vec<Instant> = buckets.values().map(|bucket| bucket.at).collect();
        let middle = ages.len() / 2;
        let (_, &mut median, _) = ages.select_nth_unstable(middle);
        buckets.retain(|_, bucket| bucket.at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2.0, burst: 3.0 };

    #[test]
    fn a_burst_then_the_rate() {
        let (limiter, start) = (RateLimiter::new(RATE, 100), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.take("a", start), Ok(()));
        }
        assert_eq!(limiter.take("a", start), Err(Duration::from_millis(500)));
        assert_eq!(limiter.take("b", start), Ok(()), "each key for itself");
        assert_eq!(limiter.take("a", start + Duration::from_millis(500)), Ok(()));
        assert!(limiter.take("a", start + Duration::from_millis(600)).is_err());
    }

    #[test]
    fn a_token_counts_wherever_it_is_used() {
        let limits = Limits { per_address: Limit::per_second(2), per_token: Limit::per_second(1) };
        let (start, here) = (Instant::now(), |host: u8| Some(Client([192, 0, 2, host].into())));
        let token = |name: &[u8]| Some(Digest::of(name));
        for host in 0..5 {
            assert_eq!(limits.take(here(host), token(b"one"), start), Ok(()));
        }
        assert_eq!(limits.take(here(9), token(b"one"), start), Err(Duration::from_secs(1)));
        assert_eq!(limits.take(here(9), token(b"two"), start), Ok(()), "another token");
        assert_eq!(limits.take(here(9), None, start), Ok(()), "without a token");
        let many = (0..10).map(|name| limits.take(here(8), token(&[name]), start));
        assert_eq!(many.filter(Result::is_ok).count(), 10, "the address has its own limit");
        assert_eq!(limits.take(here(8), token(b"three"), start), Err(Duration::from_millis(500)));
        assert_eq!(Limits::default().take(here(8), token(b"one"), start), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let (limiter, start) = (RateLimiter::new(RATE, 1600), Instant::now());
        for key in 0..100_000_u32 {
            assert_eq!(limiter.take(key, start + Duration::from_micros(u64::from(key))), Ok(()));
        }
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= 1600, "{kept}");
    }
}
