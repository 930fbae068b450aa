use super::*;

#[test]
fn disabling_ends_no_more_than_the_connector_promises() {
    let ends = |effects: &[DisableEffect]| {
        let disable_effects = effects.iter().copied().collect();
        let can = Capabilities { disable_effects, ..Capabilities::default() };
        [CredentialVerb::EndSessions, CredentialVerb::Revoke].map(|verb| can.disabling_ends(verb))
    };
    let (sessions, tokens) = (DisableEffect::EndsSessions, DisableEffect::RevokesTokens);
    assert_eq!(ends(&[]), [false, false]);
    assert_eq!(ends(&[sessions]), [true, false]);
    // Whoever is still signed in is not out, whatever their tokens are worth.
    assert_eq!(ends(&[tokens]), [false, false]);
    assert_eq!(ends(&[sessions, tokens]), [true, true]);
}

#[test]
fn a_scheme_of_authorization_is_called_what_it_is_written_as() {
    for kind in [AuthorizationKind::Bearer, AuthorizationKind::Basic] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
    }
}
