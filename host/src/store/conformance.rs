//! What every store must do: one suite, run on each implementation.

pub(crate) mod accounts;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod credentials;
pub(crate) mod erasure;
pub(crate) mod example;
pub(crate) mod gone;
pub(crate) mod halts;
pub(crate) mod heads;
pub(crate) mod history;
pub(crate) mod identities;
pub(crate) mod journal;
pub(crate) mod lives;
pub(crate) mod marks;
pub(crate) mod obligations;
pub(crate) mod requests;
pub(crate) mod reviews;
pub(crate) mod runs;
pub(crate) mod steps;
pub(crate) mod still;
pub(crate) mod union;
pub(crate) mod workflows;

/// Makes a test of each demand; `$fresh` is a function that gives an empty
/// store and what keeps it alive.
macro_rules! suite {
    ($fresh:path) => {
        $crate::store::conformance::demands!(tests $fresh);
    };
    (tests $fresh:path: $($room:ident::$demand:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $demand() {
                let (_alive, store) = $fresh();
                $crate::store::conformance::$room::$demand(&store).await;
            }
        )*
    };
}

/// Calls `$each` with the name of each demand and with the demand, which takes
/// a runtime and a store.
macro_rules! each_demand {
    ($each:path) => {
        $crate::store::conformance::demands!(each $each);
    };
    ($each:path: $($room:ident::$demand:ident),* $(,)?) => {
        $($each(stringify!($demand), &|runtime, store| {
            runtime.block_on($crate::store::conformance::$room::$demand(store));
        });)*
    };
}

macro_rules! demands {
    (tests $fresh:path) => {
        $crate::store::conformance::demands!([$crate::store::conformance::suite!][tests $fresh:]);
    };
    (each $each:path) => {
        $crate::store::conformance::demands!([$crate::store::conformance::each_demand!][$each:]);
    };
    ([$($made:tt)*][$($what:tt)*]) => {
        $($made)*($($what)*
            identities::an_identity_comes_back_as_it_was_recorded,
            identities::an_identity_that_a_later_reading_does_not_have_stays,
            identities::a_record_can_move_from_one_identity_to_another,
            identities::a_read_that_left_something_out_does_not_replace_an_exhaustive_one,
            history::what_a_source_no_longer_says_is_kept_once,
            history::first_days_that_were_said_before_are_found_for_everybody,
            accounts::an_observation_comes_back_in_its_order,
            accounts::an_observation_replaces_only_that_target,
            accounts::a_link_is_gone_only_by_a_read_that_proves_absence,
            accounts::a_read_from_before_our_change_says_nothing_about_it,
            accounts::disabled_since_follows_the_observed_state,
            accounts::a_disable_is_unproven_until_a_read_shows_it,
            accounts::that_an_account_was_enabled_once_is_kept,
            accounts::a_read_of_one_type_says_nothing_about_another,
            accounts::no_relation_of_a_grant_means_any,
            accounts::grants_that_are_no_longer_there_leave_the_ledger,
            accounts::an_account_that_is_there_again_is_ours_where_keys_are_given_once,
            accounts::since_when_an_account_is_unwanted_is_kept_until_it_is_said_anew,
            accounts::an_adoption_links_and_is_audited,
            accounts::an_account_of_somebody_else_is_not_adopted,
            accounts::a_second_account_at_one_target_is_not_adopted,
            accounts::an_account_made_anew_takes_the_place_of_the_one_that_is_gone,
            accounts::a_declined_account_is_remembered_until_it_is_adopted,
            accounts::an_account_that_is_theirs_is_not_declined,
            accounts::an_adopted_account_is_released_with_its_grants,
            accounts::an_account_that_we_created_is_not_released,
            accounts::a_claim_is_ours_and_is_audited_once,
            gone::a_delete_of_ours_proves_that_an_account_is_gone_and_a_reading_does_not,
            gone::what_readings_said_of_an_account_goes_when_it_is_there_or_made_again,
            credentials::what_was_ended_is_remembered_with_the_account,
            runs::a_plan_is_found_by_the_beginning_of_its_digest,
            runs::a_beginning_shared_by_two_plans_is_ambiguous,
            runs::a_second_save_changes_nothing,
            runs::a_plan_under_a_wrong_digest_is_refused,
            runs::runs_count_from_one_and_end,
            runs::a_run_needs_a_plan_and_a_higher_epoch,
            journal::an_intent_without_an_answer_is_unsettled_once_its_run_is_over,
            journal::an_operation_left_uncertain_is_unsettled_in_every_run,
            journal::a_settled_operation_is_not_unsettled,
            journal::an_answer_with_another_epoch_changes_nothing,
            journal::an_answer_without_an_intent_is_stale,
            journal::an_answer_that_cannot_follow_changes_nothing,
            journal::a_second_intent_before_an_answer_is_refused,
            journal::an_intent_of_an_older_run_with_the_same_key_is_stale,
            journal::a_retry_is_a_new_attempt_of_the_same_operation,
            journal::an_answer_brings_all_its_effects_or_none,
            journal::a_rename_takes_link_and_grants_along,
            journal::a_deleted_account_takes_its_grants_along,
            journal::a_rename_that_waits_for_another_attempt_is_unsettled_once_its_run_is_over,
            journal::removals_are_counted_by_account_from_a_time_on,
            journal::what_was_done_is_counted_by_class_from_a_time_on,
            journal::sixty_four_intents_at_once_are_all_kept,
            accounts::a_login_name_is_remembered_after_its_account_is_gone,
            workflows::a_workflow_keeps_the_time_it_was_first_known,
            workflows::every_form_of_a_workflow_is_kept,
            workflows::the_latest_episode_counts_and_what_began_is_audited,
            steps::a_fact_of_ours_is_kept_with_its_step_and_its_entry,
            marks::a_mark_is_recalled_by_later_attempts,
            marks::a_mark_with_another_epoch_is_refused,
            marks::marks_have_a_quota_by_number,
            marks::marks_have_a_quota_by_size,
            lives::an_ejection_stands_until_it_is_undone_and_is_kept,
            lives::a_legal_hold_stands_until_it_is_released,
            lives::since_when_a_grant_is_unwanted_goes_with_the_grant,
            lives::who_is_missing_is_counted_until_it_is_over,
            lives::the_clock_is_marked_with_its_jump,
            halts::everything_is_halted_until_somebody_resumes,
            obligations::an_obligation_is_one_row_from_its_opening_to_its_closing,
            obligations::what_opens_anew_is_another_row_and_the_latest_of_its_place,
            obligations::an_obligation_closes_with_the_answer_that_shows_it_or_not_at_all,
            obligations::what_an_answer_says_where_nothing_is_open_is_nothing,
            obligations::an_obligation_is_closed_by_a_person_once,
            obligations::an_open_obligation_keeps_somebody_and_a_closed_one_goes_with_them,
            obligations::a_rename_takes_an_obligation_along,
            requests::a_request_is_kept_in_its_place_and_with_its_entry,
            reviews::a_review_is_kept_in_its_place_with_an_entry_for_each_answer,
            approvals::a_question_about_a_plan_is_kept_in_its_place_and_with_its_entry,
            approvals::an_erasure_takes_the_names_out_of_questions_about_plans,
            cases::a_case_is_kept_until_a_look_finds_it_closed,
            cases::a_decision_is_kept_with_who_and_why_and_once,
            cases::a_reopened_case_takes_its_record_from_whose_it_was,
            cases::whoever_was_new_by_a_case_is_forgotten_when_it_is_reopened,
            cases::what_was_said_of_accounts_is_taken_back_together,
            union::what_is_owed_goes_back_with_whoever_is_split_off_and_is_erased_with_them,
            union::whoever_is_merged_goes_over_with_everything_and_comes_back,
            union::what_is_asked_follows_whoever_was_merged_and_goes_back,
            audit::rows_are_numbered_without_gaps_and_chained,
            audit::a_filter_gives_the_newest_in_ascending_order,
            audit::a_row_says_what_was_sent_and_what_it_changed_without_a_value,
            audit::a_failed_change_leaves_no_gap,
            heads::the_end_of_the_audit_is_told_with_marks_on_the_way,
            erasure::whoever_is_erased_leaves_an_id_and_dates,
            erasure::erasing_somebody_twice_is_nothing,
            erasure::a_legal_hold_an_account_or_an_open_operation_keeps_somebody,
            erasure::what_would_be_erased_is_told_and_stays,
            erasure::an_erasure_that_fails_leaves_everything,
            erasure::a_plan_loses_what_is_of_somebody_erased_and_nothing_else,
            erasure::nothing_of_others_goes_with_somebody_erased,
            erasure::an_erasure_takes_the_name_beside_an_answer,
            erasure::something_open_about_somebody_keeps_them,
            erasure::a_row_emptied_without_an_erasure_breaks_the_chain,
            still::that_somebody_is_still_erased_is_kept_without_the_record,
            still::a_record_of_somebody_erased_is_known_by_any_spelling,
            still::a_login_name_of_somebody_erased_goes_when_it_is_free,
            erasure::whoever_begins_anew_takes_the_records_over,
        );
    };
}

pub(crate) use {demands, each_demand, suite};
