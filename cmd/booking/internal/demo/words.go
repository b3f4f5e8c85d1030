package demo

// The words that hotels, addresses and guests are named with. All names are
// single words, and no word stands in two lists of one title: titles are unique
// because of that.

var adjectives = []string{
	"Golden", "Silver", "Grand", "Royal", "Old", "New", "Quiet", "Bright", "Blue", "Green", "White", "Amber",
	"Crystal", "Imperial", "Modern", "Classic", "Central", "Northern", "Southern", "Eastern", "Western", "Sunny",
	"Little", "Velvet", "Marble", "Copper", "Hidden", "Urban", "Elegant", "Noble", "Azure", "Emerald", "Scarlet",
	"Ivory", "Coral", "Misty", "Twin", "Seven", "First", "Lucky", "Wild", "Gentle", "Merry", "Stone",
}

var nouns = []string{
	"Garden", "Palace", "Harbour", "Bridge", "Tower", "Park", "Square", "Terrace", "River", "Lake", "Hill", "Forest",
	"Meadow", "Orchard", "Lantern", "Crown", "Anchor", "Compass", "Star", "Moon", "Sun", "Rose", "Lily", "Maple",
	"Oak", "Cedar", "Willow", "Olive", "Magnolia", "Jasmine", "Swan", "Falcon", "Fox", "Lion", "Swallow", "Peacock",
	"Heron", "Dolphin", "Gallery", "Library", "Opera", "Theatre", "Market", "Mill", "Gate", "Court", "Villa", "View",
	"Horizon", "Breeze", "Dawn", "Sunset", "Valley", "Cliff", "Island", "Lagoon", "Fountain", "Museum", "Arcade",
	"Pavilion", "Station", "Promenade", "Cathedral", "Clock",
}

var kinds = []string{
	"Inn", "Suites", "Residence", "Lodge", "Apartments", "Hostel", "Boutique", "Rooms", "Guesthouse", "Aparthotel",
	"Retreat", "House",
}

// localKinds go before the name, in the countries that use them.
var localKinds = map[string][]string{
	"AR": {"Hostería", "Posada", "Casa"}, "AT": {"Gasthof", "Pension"}, "BR": {"Pousada", "Solar"},
	"CH": {"Gasthaus", "Chalet"}, "CO": {"Hostal", "Posada", "Casa"}, "CZ": {"Penzion"},
	"DE": {"Gasthof", "Pension", "Landhaus"}, "ES": {"Hostal", "Pensión", "Casa"}, "FR": {"Hôtel", "Résidence",
		"Auberge"},
	"GR": {"Xenia", "Archontiko"}, "HU": {"Panzió"}, "ID": {"Wisma", "Puri"}, "IT": {"Albergo", "Locanda", "Palazzo"},
	"JP": {"Ryokan", "Minshuku"}, "KR": {"Hanok"}, "MA": {"Riad", "Dar"}, "MX": {"Posada", "Hacienda", "Casa"},
	"NL": {"Herberg"}, "PE": {"Hostal", "Posada"}, "PL": {"Pensjonat", "Dwór"}, "PT": {"Pousada", "Quinta"},
	"TH": {"Baan"}, "TR": {"Konak", "Otel"},
}

// russianSpoken are the countries where a third of the hotels has a Russian name.
var russianSpoken = map[string]bool{"BY": true, "KG": true, "KZ": true, "RU": true}

var russianKinds = []string{"Гостиница", "Отель", "Мини-отель", "Гостевой дом", "Хостел", "Апарт-отель"}

var russianNames = []string{
	"Берёзка", "Уют", "Заря", "Маяк", "Причал", "Старый город", "Северное сияние", "Лесная сказка", "Аврора", "Восток",
	"Центральная", "Центр", "Парус", "Якорь", "Волна", "Чайка", "Лебедь", "Снегирь", "Журавль", "Жар-птица", "Сокол",
	"Ласточка", "Рябина", "Сосны", "Кедр", "Клён", "Сирень", "Ромашка", "Василёк", "Подкова", "Терем", "Усадьба",
	"Купеческий двор",
	"Ямская слобода", "Мельница", "Фонтан", "Театральная", "Академия", "Рассвет", "Закат", "Вечерний звон",
	"Белые ночи",
	"Золотое кольцо", "Самовар", "Матрёшка", "Пушкин", "Чехов", "Онегин",
}

var russianStreets = []string{
	"Садовой", "Лесной", "Набережной", "Пушкинской", "Невской", "Московской", "Центральной", "Вокзальной", "Мельничной",
	"Ямской", "Морской", "Речной", "Соборной", "Дворянской", "Зелёной", "Полевой",
}

// A postal system says how addresses look: {s} is a street, {n} a number. In
// code, 9 is any digit, A any letter and the rest stands for itself.
type postal struct {
	address, code string
	streets       []string
}

// postals has the countries that differ from the one under "".
var postals = map[string]postal{
	"": {"{n} {s}", "99999", []string{
		"Station Road", "Market Street", "Park Avenue", "Main Street", "Church Street", "Garden Road", "Lake Drive",
		"Hill Road", "Bridge Street", "Temple Road", "Airport Road", "University Avenue", "Harbour Street",
		"Independence Avenue", "Museum Street",
	}},
	"AE": {"{n} {s}", "", []string{
		"Al Wasl Road", "Al Rigga Road", "Beach Road", "Marina Walk", "Al Khail Street", "Creek Road", "Port Street",
	}},
	"AR": {"{s} {n}", "9999", []string{
		"Calle San Martín", "Avenida Belgrano", "Calle Rivadavia", "Avenida Mitre", "Calle Sarmiento", "Calle Moreno",
	}},
	"AT": {"{s} {n}", "9999", []string{
		"Hauptstraße", "Bahnhofstraße", "Kirchengasse", "Mozartgasse", "Schulgasse", "Lindengasse",
	}},
	"AU": {"{n} {s}", "9999", []string{
		"George Street", "Victoria Street", "King Street", "Queen Street", "Beach Road", "Collins Lane",
		"Railway Parade",
	}},
	"BR": {"{s}, {n}", "99999-999", []string{
		"Rua das Flores", "Avenida Brasil", "Rua Sete de Setembro", "Avenida Atlântica", "Rua do Comércio",
		"Rua São João",
	}},
	"BY": {"{s}, {n}", "229999", []string{
		"ул. Ленина", "ул. Советская", "пр. Независимости", "ул. Садовая", "ул. Купалы",
	}},
	"CA": {"{n} {s}", "A9A 9A9", []string{
		"King Street", "Queen Street", "Maple Avenue", "Lakeshore Road", "Main Street", "Elm Street",
	}},
	"CN": {"{n} {s}", "999999", []string{
		"Renmin Road", "Zhongshan Road", "Jiefang Road", "Heping Road", "Beijing Road", "Xinhua Road", "Hongqi Road",
	}},
	"DE": {"{s} {n}", "99999", []string{
		"Hauptstraße", "Bahnhofstraße", "Goethestraße", "Schillerstraße", "Gartenstraße", "Lindenallee", "Am Markt",
		"Bergstraße",
	}},
	"ES": {"{s} {n}", "99999", []string{
		"Calle Mayor", "Calle de la Paz", "Avenida de la Constitución", "Plaza Nueva", "Calle Real", "Paseo Marítimo",
		"Calle del Sol",
	}},
	"FR": {"{n} {s}", "99999", []string{
		"rue de la Gare", "rue Victor Hugo", "avenue de la République", "rue des Lilas", "boulevard Voltaire",
		"place du Marché", "rue Pasteur",
	}},
	"GB": {"{n} {s}", "AA9 9AA", []string{
		"High Street", "Station Road", "Church Lane", "Victoria Road", "King Street", "Queens Road", "Albert Terrace",
		"Mill Lane",
	}},
	"HK": {"{n} {s}", "", []string{
		"Nathan Road", "Queen's Road", "Hennessy Road", "Canton Road", "Connaught Road", "Shanghai Street",
	}},
	"IN": {"{n} {s}", "999999", []string{
		"MG Road", "Station Road", "Gandhi Nagar", "Nehru Marg", "Temple Street", "Lake Road", "Park Street",
	}},
	"IT": {"{s}, {n}", "99999", []string{
		"Via Roma", "Via Garibaldi", "Corso Italia", "Via Dante", "Piazza del Popolo", "Via Cavour", "Via Mazzini",
	}},
	"JP": {"{n}-{d} {s}", "999-9999", []string{
		"Sakuracho", "Honcho", "Ekimae", "Midoricho", "Nakamachi", "Minamicho", "Asahicho",
	}},
	"KZ": {"{s}, {n}", "099999", []string{
		"пр. Абая", "ул. Сатпаева", "ул. Достык", "пр. Назарбаева", "ул. Гоголя",
	}},
	"MX": {"{s} {n}", "99999", []string{
		"Avenida Juárez", "Calle Hidalgo", "Avenida Reforma", "Calle Morelos", "Calle Cinco de Mayo",
		"Avenida Revolución",
	}},
	"NL": {"{s} {n}", "9999 AA", []string{
		"Kerkstraat", "Stationsweg", "Dorpsstraat", "Molenweg", "Nieuwe Gracht", "Wilhelminaplein",
	}},
	"PL": {"ul. {s} {n}", "99-999", []string{
		"Długa", "Ogrodowa", "Kościuszki", "Mickiewicza", "Krótka", "Lipowa", "Słowackiego",
	}},
	"PT": {"{s} {n}", "9999-999", []string{
		"Rua Augusta", "Rua da Liberdade", "Avenida da República", "Rua do Carmo", "Travessa do Mar",
	}},
	"QA": {"{n} {s}", "", []string{
		"Corniche Street", "Al Sadd Street", "Airport Road", "Pearl Boulevard",
	}},
	"RU": {"{s}, {n}", "999999", []string{
		"ул. Ленина", "ул. Пушкина", "ул. Садовая", "ул. Мира", "Набережная ул.", "ул. Гагарина", "Невский пр.",
		"Советская ул.", "Центральная ул.", "Московский пр.",
	}},
	"TR": {"{s} No: {n}", "99999", []string{
		"Cumhuriyet Caddesi", "Atatürk Bulvarı", "İstiklal Caddesi", "Gazi Sokak", "Liman Caddesi", "Bahçe Sokak",
	}},
	"US": {"{n} {s}", "99999", []string{
		"Main Street", "Broadway", "Oak Avenue", "Maple Street", "Park Avenue", "2nd Street", "Washington Avenue",
		"Lincoln Boulevard", "Sunset Drive",
	}},
}

var firstNames = []string{
	"Anna", "Ivan", "Maria", "James", "Sofia", "Lucas", "Emma", "Noah", "Olga", "Pavel", "Yuki", "Haruto", "Mei", "Wei",
	"Fatima", "Omar", "Elena", "Dmitry", "Julia", "Marco", "Giulia", "Pierre", "Claire", "Hans", "Greta", "Carlos",
	"Lucía", "João", "Beatriz", "Aisha", "Ravi", "Priya", "Kofi", "Amara", "Jan", "Zofia", "Mehmet", "Elif",
	"Анна", "Сергей",
}

var lastNames = []string{
	"Smith", "Brown", "Taylor", "Wilson", "Müller", "Schmidt", "Weber", "Rossi", "Bianchi", "Ferrari", "Martin",
	"Bernard",
	"Dubois", "García", "López", "Sánchez", "Silva", "Santos", "Costa", "Novák", "Kowalski", "Nowak", "Horvat",
	"Nagy", "Popov",
	"Volkov", "Sokolov", "Morozov", "Yılmaz", "Kaya", "Tanaka", "Suzuki", "Sato", "Kim", "Park", "Lee", "Wang",
	"Li", "Zhang",
	"Chen", "Singh", "Patel", "Sharma", "Khan", "Ali", "Hassan", "Okafor", "Mensah", "Andersen", "Larsson",
	"Virtanen", "Коваленко",
}
