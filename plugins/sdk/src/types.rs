//! The contract's words as Rust types, generated from `wit/`.

pub use crate::bindings::{
    credentials::exports::lanyard::connector::credentials::{
        CredentialInfo, CredentialRequest, IssueRequest,
    },
    directory::exports::lanyard::connector::directory::{
        AttributeLookup, Lookup, Page, PageRequest, Projection, Selector,
    },
    entitlements::exports::lanyard::connector::entitlements::{
        Assignment, AssignmentPage, AssignmentScope, Edge, Entitlement, EntitlementPage,
    },
    meta::exports::lanyard::connector::meta::{
        AttributeDef, AuthorizationNeed, AuthorizationScheme, Capability, CheckDepth, CheckFinding,
        CheckReport, CreateSafety, CredentialAbilities, DeleteKind, DirectoryNeed, DisableEffects,
        IdStability, Manifest, Matching, Mutability, ObjectDef, ObjectRole, RequestNeed, Returned,
        Schema, SecretNeed, Sensitivity, StreamNeed, ValueKind,
    },
    provisioning::exports::lanyard::connector::provisioning::{
        CreateRequest, DeleteMode, UpdateRequest,
    },
    step::exports::lanyard::connector::step::{StepPlan, StepRequest},
    vocabulary::lanyard::connector::types::{
        Account, AccountState, AppliedClass, Attribute, AttributeChange, Change, Completeness,
        Coverage, CoverageKind, Error, ErrorKind, NamedValue, ObjectRef, OperationContext,
        OtherKind, Outcome, PartFailure, PendingTicket, RetryClass, RetryHint, SideEffect, Skipped,
        Status, Timestamp, Value, ValueChange, ValueProblem, WriteMode,
    },
};
