//! Who may do what: roles, the actions of the server, and the one table that joins them.
//!
//! Every route of the server is an [`Action`], and [`Action::need`] says for each what it takes, without a default: a
//! route that is not in the table does not compile. Tests derive from the same table.

use schemars::JsonSchema;
use seaworthy_model::{Code, Timestamp, named};
use seaworthy_protocol::Who;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::Id;
use crate::tree::Tree;

named! {
    /// What somebody is in a unit, and in all units below it.
    Role {
        /// Sees their own devices.
        Holder = "holder",
        /// Reads.
        Reviewer = "reviewer",
        /// Lets devices in and out.
        Inspector = "inspector",
        /// Decides: people, units, policies, keys.
        Administrator = "administrator",
    }
}

/// What an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: the action proves by itself who asks (a device's signature, a one-time link), or tells nothing.
    Open,
    /// Somebody who is signed in, for what is their own.
    Own,
    /// One of these roles in the unit concerned, or in one above it.
    Unit(&'static [Role]),
    /// One of these roles in the root unit.
    Root(&'static [Role]),
}

const READERS: &[Role] = &[Role::Reviewer, Role::Inspector, Role::Administrator];
const INSPECTORS: &[Role] = &[Role::Inspector, Role::Administrator];
const ADMINISTRATORS: &[Role] = &[Role::Administrator];

/// Defines [`Action`] and what each takes, in one list.
macro_rules! actions {
    ($(#[doc = $says:literal] $variant:ident = $name:literal, $need:expr;)+) => {
        named! {
            /// What can be asked of the server; each action is one route, and its name is the route's operation id.
            Action { $(#[doc = $says] $variant = $name,)+ }
        }

        impl Action {
            /// What it takes.
            pub const fn need(self) -> Need {
                match self { $(Action::$variant => $need,)+ }
            }

            /// What it is, in a few words.
            pub fn says(self) -> &'static str {
                match self { $(Action::$variant => $says.trim().trim_end_matches('.'),)+ }
            }
        }
    };
}

actions! {
    /// Whether the process is alive.
    HealthAlive = "health-alive", Need::Open;
    /// Whether it can serve.
    HealthReady = "health-ready", Need::Open;
    /// What it has done so far.
    HealthMetrics = "health-metrics", Need::Open;
    /// The description of the API.
    ApiDescription = "api-description", Need::Open;
    /// What everybody may know of an organisation: its name and keys.
    OrganisationShow = "organisation-show", Need::Open;
    /// The trust file that checkers use.
    TrustFile = "trust-file", Need::Open;
    /// The policy by which checkers believe the log.
    LogPolicy = "log-policy", Need::Open;
    /// The newest checkpoint of an organisation's log.
    LogCheckpoint = "log-checkpoint", Need::Open;
    /// A tile or a bundle of entries of the log.
    LogTile = "log-tile", Need::Open;
    /// Where in the log a batch of records is.
    LogBatch = "log-batch", Need::Open;

    /// A list of the stamps that were revoked.
    StatusList = "status-list", Need::Open;

    /// What a device would agree to by enrolling.
    EnrolmentOffer = "enrolment-offer", Need::Open;
    /// A device enrols.
    EnrolmentEnter = "enrolment-enter", Need::Open;
    /// A device reports.
    ReportSend = "report-send", Need::Open;
    /// A device asks about itself.
    DeviceAsk = "device-ask", Need::Open;

    /// How people can sign in here.
    SignInWays = "sign-in-ways", Need::Open;
    /// Sign in with a password.
    SignInPassword = "sign-in-password", Need::Open;
    /// Begin to sign in with a passkey.
    SignInPasskeyBegin = "sign-in-passkey-begin", Need::Open;
    /// Sign in with a passkey.
    SignInPasskeyFinish = "sign-in-passkey-finish", Need::Open;
    /// Begin to sign in at an OpenID Connect provider.
    SignInOpenIdBegin = "sign-in-openid-begin", Need::Open;
    /// Come back from the provider.
    SignInOpenIdFinish = "sign-in-openid-finish", Need::Open;
    /// Look at a one-time link.
    InvitationShow = "invitation-show", Need::Open;
    /// Use a one-time link with a password.
    InvitationUse = "invitation-use", Need::Open;
    /// Begin to use a one-time link with a passkey.
    InvitationPasskeyBegin = "invitation-passkey-begin", Need::Open;
    /// Use a one-time link with a passkey.
    InvitationPasskeyFinish = "invitation-passkey-finish", Need::Open;
    /// Sign out.
    SignOut = "sign-out", Need::Own;

    /// Who is signed in.
    Me = "me", Need::Own;

    /// The tree of units.
    UnitList = "unit-list", Need::Own;
    /// A unit's counts by verdict.
    UnitCounts = "unit-counts", Need::Unit(READERS);
    /// Add a unit.
    UnitAdd = "unit-add", Need::Unit(ADMINISTRATORS);
    /// Rename or move a unit.
    UnitChange = "unit-change", Need::Unit(ADMINISTRATORS);
    /// Remove an empty unit.
    UnitRemove = "unit-remove", Need::Unit(ADMINISTRATORS);

    /// A page of a unit's devices.
    DeviceList = "device-list", Need::Unit(READERS);
    /// The devices of whoever is signed in.
    DeviceMine = "device-mine", Need::Own;
    /// One device.
    DeviceShow = "device-show", Need::Unit(READERS);
    /// A device's reports and verdicts of the past.
    DeviceHistory = "device-history", Need::Unit(READERS);
    /// The ledger of a device.
    DeviceLedger = "device-ledger", Need::Unit(READERS);
    /// Let a waiting device in.
    DeviceApprove = "device-approve", Need::Unit(INSPECTORS);
    /// Take no more evidence from a device.
    DeviceRevoke = "device-revoke", Need::Unit(INSPECTORS);
    /// Take one stamp of a device back.
    StampRevoke = "stamp-revoke", Need::Unit(INSPECTORS);
    /// Put a device into another unit.
    DeviceMove = "device-move", Need::Unit(INSPECTORS);

    /// The enrolment tokens of a unit.
    EnrolmentTokenList = "enrolment-token-list", Need::Unit(INSPECTORS);
    /// Make an enrolment link.
    EnrolmentTokenAdd = "enrolment-token-add", Need::Unit(INSPECTORS);
    /// Take an enrolment token back.
    EnrolmentTokenClose = "enrolment-token-close", Need::Unit(INSPECTORS);

    /// The policies, and where they are in force.
    PolicyList = "policy-list", Need::Own;
    /// One policy document.
    PolicyShow = "policy-show", Need::Own;
    /// Sign a policy.
    PolicyAdd = "policy-add", Need::Root(ADMINISTRATORS);
    /// Put a policy in force.
    PolicyAssign = "policy-assign", Need::Unit(ADMINISTRATORS);
    /// The versions of the catalog.
    CatalogList = "catalog-list", Need::Root(READERS);
    /// Load support ends and advisories.
    CatalogAdd = "catalog-add", Need::Root(ADMINISTRATORS);

    /// The people of the organisation.
    PersonList = "person-list", Need::Root(ADMINISTRATORS);
    /// One person and their roles.
    PersonShow = "person-show", Need::Root(ADMINISTRATORS);
    /// Keep a person from signing in, or let them again.
    PersonChange = "person-change", Need::Root(ADMINISTRATORS);
    /// Give a role.
    GrantAdd = "grant-add", Need::Unit(ADMINISTRATORS);
    /// Take a role.
    GrantRemove = "grant-remove", Need::Unit(ADMINISTRATORS);
    /// Make a one-time link for a person.
    InvitationAdd = "invitation-add", Need::Unit(ADMINISTRATORS);

    /// The API tokens.
    ApiTokenList = "api-token-list", Need::Root(ADMINISTRATORS);
    /// Make an API token.
    ApiTokenAdd = "api-token-add", Need::Unit(ADMINISTRATORS);
    /// Remove an API token.
    ApiTokenRemove = "api-token-remove", Need::Root(ADMINISTRATORS);

    /// Make the next key of the organisation.
    KeyRotate = "key-rotate", Need::Root(ADMINISTRATORS);
    /// Revoke a key of the organisation.
    KeyRevoke = "key-revoke", Need::Root(ADMINISTRATORS);

    /// The webhooks.
    WebhookList = "webhook-list", Need::Root(ADMINISTRATORS);
    /// Add a webhook.
    WebhookAdd = "webhook-add", Need::Root(ADMINISTRATORS);
    /// Remove a webhook.
    WebhookRemove = "webhook-remove", Need::Root(ADMINISTRATORS);
    /// Deliveries that wait, were made or were given up.
    DeliveryList = "delivery-list", Need::Root(ADMINISTRATORS);
    /// Try a delivery again.
    DeliveryRetry = "delivery-retry", Need::Root(ADMINISTRATORS);
}

/// A role, and the unit in which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// The unit; it holds in all units below it, too.
    pub unit: Id,
}

/// Who acts: a person with a session, or a program with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The organisation.
    pub organisation: Id,
    /// The person, or the token.
    pub id: Id,
    /// A program, not a person.
    pub is_token: bool,
    /// The name that people know it by.
    pub name: String,
    /// What it may, and where.
    pub roles: Vec<Held>,
}

/// What an action concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// What is the actor's own, or everybody's in the organisation.
    Own,
    /// The organisation as a whole.
    Root,
    /// A unit.
    Unit(Id),
    /// A device: its unit, and the person whose it is.
    Device(Id, Option<Id>),
}

/// Proof that an actor may do an action. Only [`Actor::may`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    actor: Actor,
    role: Role,
}

impl Permit {
    /// Who was permitted.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Who was permitted, and in which role, as ledgers tell it.
    pub fn who(&self) -> Who {
        let kind = if self.actor.is_token { "token" } else { "person" };
        Who {
            id: format!("{kind} {}", self.actor.id),
            name: self.actor.name.clone(),
            role: self.role.name().to_owned(),
        }
    }
}

impl Actor {
    /// Whether the actor may do this. An actor of another organisation learns nothing: not even that it exists.
    pub fn may(&self, action: Action, concern: Concern, tree: &Tree) -> Result<Permit, Error> {
        if tree.organisation() != self.organisation {
            return Err(Error::refused(Code::NotFound));
        }
        let role = match (action.need(), concern) {
            (Need::Open | Need::Own, _) => Some(self.highest()),
            (Need::Unit(roles), Concern::Unit(unit) | Concern::Device(unit, _)) => {
                if !tree.has(unit) {
                    return Err(Error::refused(Code::NotFound));
                }
                self.role_in(unit, roles, tree)
            }
            (Need::Unit(roles) | Need::Root(roles), _) => self.role_in(tree.root(), roles, tree),
        };
        let permit = |role| Permit { actor: self.clone(), role };
        role.or_else(|| self.as_holder(action, concern)).map(permit).ok_or_else(|| Error::refused(Code::NotAllowed))
    }

    /// A holder may read what is of their own device, whatever their roles.
    fn as_holder(&self, action: Action, concern: Concern) -> Option<Role> {
        let readable = matches!(action, Action::DeviceShow | Action::DeviceHistory | Action::DeviceLedger);
        let own = matches!(concern, Concern::Device(_, Some(person)) if !self.is_token && person == self.id);
        (readable && own).then_some(Role::Holder)
    }

    /// The highest of these roles that the actor has in a unit or above it.
    fn role_in(&self, unit: Id, roles: &[Role], tree: &Tree) -> Option<Role> {
        let above = tree.path(unit);
        let held = self.roles.iter().filter(|held| roles.contains(&held.role) && above.contains(&held.unit));
        held.map(|held| held.role).max()
    }

    fn highest(&self) -> Role {
        self.roles.iter().map(|held| held.role).max().unwrap_or(Role::Holder)
    }

    /// Whether a role may be given by this actor: nobody gives more than they have there themselves.
    pub fn may_give(&self, role: Role, unit: Id, tree: &Tree) -> bool {
        self.role_in(unit, ADMINISTRATORS, tree).is_some_and(|own| role <= own)
    }

    /// The actor of a person or token with these roles.
    pub fn new(organisation: Id, id: Id, name: &str, is_token: bool, roles: Vec<Held>) -> Actor {
        Actor { organisation, id, is_token, name: name.to_owned(), roles }
    }
}

/// Longest time for which a token or invitation may be made.
pub const LONGEST_TOKEN_DAYS: u32 = 400;

/// The end of something that was asked to end at an instant: not in the past, and not too far off.
pub fn sound_end(at: Timestamp, ends_at: Timestamp) -> Result<Timestamp, Error> {
    if ends_at > at && ends_at <= at.plus_days(LONGEST_TOKEN_DAYS) {
        return Ok(ends_at);
    }
    let what = format!("ends_at: must be after now and within {LONGEST_TOKEN_DAYS} days");
    Err(Error::refused_for(Code::InvalidValue, what))
}
