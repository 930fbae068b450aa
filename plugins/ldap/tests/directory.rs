//! What the connector does to a directory, asked of the directory itself.
//! Every scenario runs against a directory in memory and, where
//! `LANYARD_TEST_SLAPD` names the program, against a real slapd.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "support of tests, outside of functions marked as such"
)]

mod scenarios;
mod world;

use world::Setting;

macro_rules! scenarios {
    ($($file:ident::$name:ident: $setting:ident;)+) => {
        mod in_memory {
            $(#[test]
            fn $name() {
                super::scenarios::$file::$name(&super::world::memory::world(super::$setting));
            })+
        }
        mod with_slapd {
            $(#[test]
            fn $name() {
                if let Some(world) = super::world::slapd::world(super::$setting) {
                    super::scenarios::$file::$name(&world);
                }
            })+
        }
    };
}

const LOCKOUT: Setting = Setting { size_limit: None, lockout: true, late_lock: false };
const NO_LOCKOUT: Setting = Setting { size_limit: None, lockout: false, late_lock: false };
const LIMITED: Setting = Setting { size_limit: Some(5), lockout: true, late_lock: false };

scenarios! {
    accounts::a_new_account_is_read_back_and_a_second_try_finds_it: LOCKOUT;
    accounts::a_taken_name_is_refused_with_the_account_that_holds_it: LOCKOUT;
    reading::a_name_that_looks_like_a_query_stays_a_name: LOCKOUT;
    locks::a_disabled_account_is_born_locked: LOCKOUT;
    locks::an_account_nobody_made_here_is_not_locked_by_a_create: LOCKOUT;
    locks::an_attribute_can_be_the_lock: LOCKOUT;
    locks::a_lock_that_blocks_is_applied_and_lifted: LOCKOUT;
    locks::a_lock_that_does_not_block_is_never_called_applied: NO_LOCKOUT;
    locks::a_new_account_that_cannot_be_kept_out_is_only_partly_done: NO_LOCKOUT;
    accounts::a_rename_keeps_the_key_and_changes_come_with_it: LOCKOUT;
    accounts::only_what_differs_is_written: LOCKOUT;
    accounts::what_the_schema_forbids_names_the_attribute: LOCKOUT;
    reading::pages_hold_everybody_once: LOCKOUT;
    reading::a_list_the_server_cuts_short_proves_no_absence: LIMITED;
    groups::the_last_member_leaves_and_comes_back: LOCKOUT;
    groups::assignments_name_people_only_and_page: LOCKOUT;
    groups::a_deleted_account_leaves_no_name_behind: LOCKOUT;
    groups::a_renamed_account_keeps_its_groups: LOCKOUT;
    locks::check_finds_what_is_wrong: NO_LOCKOUT;
    passwords::a_new_password_opens_and_the_one_before_does_not: LOCKOUT;
    passwords::a_locked_account_gets_no_password_which_would_open_it: LOCKOUT;
    passwords::a_password_has_to_be_changed_where_the_policy_says_so: LOCKOUT;
}
