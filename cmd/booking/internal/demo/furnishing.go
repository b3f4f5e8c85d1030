package demo

// A facility is something that hotels or rooms have, with the part that does.
type facility struct {
	title string
	share float64
}

// The ids of facilities follow the order here, those of hotels first.
var hotelFacilities = []facility{
	{"Wi-Fi", .95}, {"24-hour reception", .6}, {"Breakfast", .6}, {"Restaurant", .4}, {"Bar", .4}, {"Parking", .55},
	{"Lift", .5}, {"Indoor pool", .15}, {"Outdoor pool", .2}, {"Spa", .15}, {"Sauna", .2}, {"Gym", .25},
	{"Airport transfer", .3}, {"Pets allowed", .25}, {"Step-free access", .35}, {"Conference room", .2},
	{"Laundry", .4}, {"Luggage storage", .6}, {"Electric car charging", .15}, {"Bicycle rental", .2}, {"Garden", .3},
}

var roomFacilities = []facility{
	{"Air conditioning", .6}, {"Private bathroom", .9}, {"Television", .8}, {"Safe", .4}, {"Minibar", .3}, {"Kettle", .55},
	{"Balcony", .25}, {"Sea or city view", .2}, {"Desk", .5}, {"Kitchenette", .15}, {"Bathtub", .2}, {"Soundproofing", .25},
}

// A roomType is one that hotels choose from; factor is its price relative to a
// standard double.
type roomType struct {
	title, russian, description string
	guests                      int
	factor                      float64
}

var roomTypes = []roomType{
	{"Single Room", "Одноместный номер", "One single bed.", 1, .75},
	{"Economy Double Room", "Двухместный эконом", "A small room with a double bed.", 2, .85},
	{"Standard Double Room", "Стандартный двухместный", "A double bed and a seating corner.", 2, 1},
	{"Standard Twin Room", "Двухместный с раздельными кроватями", "Two single beds.", 2, 1},
	{"Superior Double Room", "Улучшенный двухместный", "A larger room with a double bed.", 2, 1.2},
	{"Triple Room", "Трёхместный номер", "A double and a single bed.", 3, 1.3},
	{"Deluxe Room", "Номер делюкс", "A king-size bed, on one of the upper floors.", 2, 1.5},
	{"Family Room", "Семейный номер", "A double bed and two single beds.", 4, 1.6},
	{"Junior Suite", "Полулюкс", "One large room with a sofa bed.", 3, 1.8},
	{"Apartment", "Апартаменты", "A bedroom, a living room and a kitchenette.", 5, 2},
	{"Suite", "Люкс", "A bedroom and a separate living room.", 4, 2.5},
	{"Two-Bedroom Suite", "Двухкомнатный люкс", "Two bedrooms and a living room.", 6, 3.2},
}
