//! Names from several languages, to be combined at random.

use super::Dice;

/// Given and family names that go together, and where such people work.
pub(super) struct Tongue {
    pub(super) country: &'static str,
    given: &'static [&'static str],
    family: &'static [&'static str],
}

/// How often each language comes up is how often it stands here.
pub(super) static TONGUES: [&Tongue; 12] = [
    &GERMAN,
    &GERMAN,
    &GERMAN,
    &POLISH,
    &POLISH,
    &DANISH,
    &DANISH,
    &VIETNAMESE,
    &VIETNAMESE,
    &ARABIC,
    &JAPANESE,
    &ENGLISH,
];

static GERMAN: Tongue = Tongue {
    country: "DE",
    given: &[
        "Jürgen",
        "Käthe",
        "Björn",
        "Lieselotte",
        "Matthias",
        "Änne",
        "Günter",
        "Sabine",
        "Wolfram",
        "Heike",
        "Rüdiger",
        "Friederike",
        "Jonas",
        "Mareike",
        "Götz",
        "Ute",
    ],
    family: &[
        "Weiß",
        "Müller",
        "Schröder",
        "Großmann",
        "Kühn",
        "Vogel",
        "Döring",
        "Nußbaum",
        "Lange",
        "von der Heide",
        "Jäger",
        "Meyer-Lührs",
        "Fuchs",
        "Köhler",
        "Brandt",
    ],
};

static POLISH: Tongue = Tongue {
    country: "PL",
    given: &[
        "Łukasz",
        "Małgorzata",
        "Święcisława",
        "Zbigniew",
        "Agnieszka",
        "Paweł",
        "Bożena",
        "Grażyna",
        "Michał",
        "Zofia",
        "Wojciech",
        "Kasia",
    ],
    family: &[
        "Wójcik",
        "Kowalczyk",
        "Dąbrowska",
        "Gałązka",
        "Żuraw",
        "Świątek",
        "Jabłoński",
        "Pawlak",
        "Ćwik",
        "Zając",
        "Nowicka",
    ],
};

static DANISH: Tongue = Tongue {
    country: "DK",
    given: &[
        "Søren", "Åse", "Bjørk", "Kirsten", "Jørgen", "Mette", "Rasmus", "Bodil", "Asbjørn", "Ærø",
        "Signe", "Niels",
    ],
    family: &[
        "Sørensen",
        "Ågård",
        "Bæk",
        "Nørgaard",
        "Kjær",
        "Lund",
        "Østergård",
        "Holm",
        "Bjerre",
        "Skovgaard",
    ],
};

static VIETNAMESE: Tongue = Tongue {
    country: "VN",
    given: &["Hằng", "Đức", "Thảo", "Phương", "Tuấn", "Quỳnh", "Dũng", "Ngọc", "Hiếu", "Mỹ"],
    family: &["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Võ", "Bùi", "Đỗ"],
};

static ARABIC: Tongue = Tongue {
    country: "EG",
    given: &["Layla", "Yusuf", "Maryam", "Khalid", "Noor", "Samir", "Huda", "Tariq"],
    family: &["al-Masri", "Haddad", "El Sayed", "Nasser", "Abd al-Rahman", "Fahmy"],
};

static JAPANESE: Tongue = Tongue {
    country: "JP",
    given: &["Haruka", "Ken'ichi", "Yūko", "Shōta", "Aiko", "Ryō", "Naomi", "Daisuke"],
    family: &["Satō", "Ōta", "Kondō", "Tanaka", "Itō", "Yamamoto", "Kawaguchi"],
};

static ENGLISH: Tongue = Tongue {
    country: "GB",
    given: &["Ada", "Morgan", "Siobhán", "Rhys", "Imogen", "Zoë", "Angus", "Beth"],
    family: &["Example", "O'Sample", "Placeholder", "Test-Case", "Sampleton", "Lorem"],
};

/// People who write their names as they do at home, with the login name they
/// chose: given name, family name, login name, country.
pub(super) static NATIVE: [[&str; 4]; 8] = [
    ["花子", "見本", "hanako.mihon", "JP"],
    ["太郎", "例", "taro.rei", "JP"],
    ["مثال", "المصري", "mithal.almasri", "EG"],
    ["ليلى", "حداد", "layla.haddad", "EG"],
    ["Ελένη", "Παράδειγμα", "eleni.paradeigma", "GR"],
    ["Мария", "Образцова", "maria.obraztsova", "BG"],
    ["Ⓐda", "Ǝxample", "ada.example", "GB"],
    ["示例", "王", "wang.shili", "CN"],
];

impl Tongue {
    pub(super) fn name(&self, dice: &mut Dice) -> (String, String) {
        let given = dice.pick(self.given).unwrap_or_default();
        let family = dice.pick(self.family).unwrap_or_default();
        (given.to_owned(), family.to_owned())
    }
}

/// The Latin letters a mail address is made of.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.trim().to_lowercase().chars() {
        let spelled = match letter {
            'ä' | 'æ' => "ae",
            'ö' | 'ø' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'å' => "aa",
            'ą' | 'á' | 'ả' | 'ằ' | 'ặ' | 'ạ' | 'ầ' | 'ấ' => "a",
            'ć' => "c",
            'đ' => "d",
            'ę' | 'é' | 'ë' | 'ễ' | 'ê' | 'ế' => "e",
            'ł' => "l",
            'ń' => "n",
            'ó' | 'ō' | 'ọ' | 'ỗ' | 'ơ' => "o",
            'ś' => "s",
            'ū' | 'ứ' | 'ũ' | 'ù' | 'ư' => "u",
            'ỳ' | 'ỹ' => "y",
            'ż' | 'ź' => "z",
            letter if letter.is_ascii_alphanumeric() => {
                plain.push(letter);
                continue;
            }
            ' ' | '-' => "-",
            _ => continue,
        };
        plain.push_str(spelled);
    }
    plain
}
