//! Another company's export, in the shape of another HR system.

use std::fmt::Write as _;

use super::Dice;

const GIVEN: [&str; 20] = [
    "Tilda", "Oskar", "Runa", "Casimir", "Bela", "Ottilie", "Yannick", "Fenna", "Leopold", "Marit",
    "Quentin", "Selma", "Viggo", "Wanda", "Xaver", "Ilse", "Jasper", "Kora", "Ludger", "Nele",
];
const FAMILY: [&str; 18] = [
    "Sampleby",
    "Musterfrau",
    "Probst-Test",
    "Exempel",
    "Beispieler",
    "Fixture",
    "van Dummy",
    "Specimen",
    "Mockridge",
    "Placehold",
    "Testa",
    "Voorbeeld",
    "Primer",
    "Eksempel",
    "Próbna",
    "Esempio",
    "Modellhuber",
    "Trial",
];
const JOBS: [&str; 10] = [
    "410#Tide Observer",
    "411#Lighthouse Keeper",
    "411#Senior Lighthouse Keeper",
    "420#Harbour Clerk",
    "431#Ferry Planner",
    "431#Ferry Dispatcher",
    "455#Buoy Technician",
    "502#Accounts & Fees Clerk",
    "510#Personnel Officer",
    "777#Fog Signal Coordinator",
];
const CONTRACTED: [&str; 3] =
    ["901#Rope & Rigging Specialist", "902#Hull Painter", "903#Lamp Cleaner"];
const PLACES: [(&str, &str); 5] = [
    ("Upper Pier", "_reg:North Coast"),
    ("Lower Pier", "_reg:North Coast"),
    ("Salt Meadow", "_rgn:Dune Shore"),
    ("Gull Rock", "_isl:Outer Isles"),
    ("Old Sluice", "_rgn:dune shore"),
];

/// Fifty people: 42 employed from number 3001, 8 contracted from 9000, all
/// cells in quotes, with the number and the name of a job in one cell.
pub fn hris_like() -> String {
    let mut dice = Dice(50);
    let columns =
        ["empnum", "firstname", "surname", "emptype", "job", "status", "locality", "country"];
    let mut text = String::new();
    row(&mut text, columns);
    for at in 0..50_usize {
        let employed = at < 42;
        let number = if employed { 3001 + at } else { 9000 + at - 42 }.to_string();
        let job = match at {
            0 => "400#Harbour Master",
            1 => "401#Deputy Harbour Master",
            _ if employed => dice.pick(&JOBS).unwrap_or_default(),
            _ => dice.pick(&CONTRACTED).unwrap_or_default(),
        };
        let status = match at {
            at if at % 11 == 6 => "Former employee",
            at if at % 13 == 8 => "Long-term leave",
            _ => "Active",
        };
        let (given, family) = match at {
            20 | 33 => ("Marit", "Trial"),
            _ => (dice.pick(&GIVEN).unwrap_or_default(), dice.pick(&FAMILY).unwrap_or_default()),
        };
        let (place, region) = PLACES.get(dice.roll(PLACES.len())).copied().unwrap_or_default();
        let kind = if employed { "FTE" } else { "CONTRACTOR" };
        row(&mut text, [number.as_str(), given, family, kind, job, status, place, region]);
    }
    text
}

fn row(text: &mut String, cells: [&str; 8]) {
    let _infallible = writeln!(text, "{}", cells.map(|cell| format!("\"{cell}\"")).join(","));
}
