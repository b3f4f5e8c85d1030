package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A demoAccount is a user whose password everybody knows.
type demoAccount struct {
	role            auth.Role
	email, password string
}

// demoAccounts are made where they do not exist.
func demoAccounts() []demoAccount {
	return []demoAccount{
		{auth.Admin, "admin@demo.example", "try-the-admin-role"},
		{auth.Manager, "manager@demo.example", "try-the-manager-role"},
		{auth.Guest, "guest@demo.example", "try-the-guest-role"},
	}
}

// managedHotels is how many hotels the manager of the demo runs.
const managedHotels = 3

// A development is the application with the people and the guide for trying it.
type development struct {
	*application
	env      environment
	settings settings
	options  devOptions
	backends *backends
	address  net.Addr
	accounts []demoAccount
}

// makeAccounts makes one user of each role where there is none yet, and notes who can sign in.
func (d *development) makeAccounts(ctx context.Context) error {
	d.accounts = demoAccounts()
	admin, err := d.makeAdmin(ctx, d.accounts[0])
	if err != nil {
		return err
	}
	d.accounts[0] = admin
	for _, account := range d.accounts[1:] {
		user, err := d.auth.CreateUser(ctx, &auth.CreateUserParams{
			Email: account.email, Password: account.password, Role: account.role,
		})
		if taken, ok := errors.AsType[*errs.Error](err); ok && taken.Kind.Code == "email_taken" {
			continue
		}
		if err != nil {
			return err
		}
		if user.Role == auth.Manager {
			if err := d.assignHotels(ctx, user.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeAdmin makes the first admin, the one of the settings where they name one, and returns what to tell of them.
// There may be another one since an earlier start.
func (d *development) makeAdmin(ctx context.Context, account demoAccount) (demoAccount, error) {
	admin := adminSettings{email: account.email, password: config.Secret(account.password)}
	if d.settings.admin.email != "" {
		admin = d.settings.admin
		account = demoAccount{auth.Admin, admin.email, "(the password in ADMIN_PASSWORD)"}
	}
	if err := d.ensureAdmin(ctx, admin); err != nil {
		return account, err
	}
	found, err := d.auth.ListUsers(ctx, &auth.ListUsersParams{
		Params: page.Params{Limit: 1}, Email: &admin.email, Role: &account.role,
	})
	if err != nil {
		return account, err
	}
	if len(found.Items) == 0 {
		account = demoAccount{auth.Admin, "(one of an earlier start)", ""}
	}
	return account, nil
}

// assignHotels gives the manager the first hotels of the showcase.
func (d *development) assignHotels(ctx context.Context, managerID int64) error {
	city, err := d.showcase(ctx)
	if err != nil || city.ID == 0 {
		return err
	}
	hotels, err := d.catalog.ListHotels(ctx, &catalog.ListHotelsParams{
		Params: page.Params{Limit: managedHotels}, CityID: &city.ID, Sort: "id",
	})
	if err != nil {
		return err
	}
	for _, hotel := range hotels.Items {
		_, err := d.catalog.AssignManager(ctx, &catalog.ManagerParams{HotelID: hotel.ID, UserID: managerID})
		if err != nil {
			return err
		}
	}
	return nil
}

// A showcase is a city to search in.
type showcase struct {
	ID   int64
	Name string
}

// showcase returns the largest city that has a hotel, or a zero one when there is no hotel.
func (d *development) showcase(ctx context.Context) (showcase, error) {
	city, err := pg.One[showcase](ctx, d.pool, `
SELECT c.id, c.name FROM cities c
WHERE EXISTS (SELECT FROM hotels h WHERE h.city_id = c.id AND h.archived_at IS NULL)
ORDER BY c.population DESC NULLS LAST, c.id LIMIT 1`)
	if errors.Is(err, pgx.ErrNoRows) {
		return showcase{}, nil
	}
	return city, err
}

// printGuide tells how to use what runs.
func (d *development) printGuide(ctx context.Context) error {
	city, err := d.showcase(ctx)
	if err != nil {
		return err
	}
	base := "http://" + reachable(d.address) + d.settings.rootPath
	var b strings.Builder
	fmt.Fprintf(&b, "\nShum Booking is ready.\n\n")
	fmt.Fprintf(&b, "  API        %s\n  Docs       %s/docs\n  River UI   %s/\n  Database   psql '%s'\n",
		base, base, base+riverUIPath, d.backends.databaseURL)
	if d.backends.data == "" {
		fmt.Fprintf(&b, "  Data       is gone when this ends\n")
	} else {
		fmt.Fprintf(&b, "  Data       %s\n", d.backends.data)
	}
	fmt.Fprintf(&b, "\n  Accounts\n")
	for _, account := range d.accounts {
		fmt.Fprintf(&b, "    %-9s%-24s%s\n", account.role, account.email, account.password)
	}
	if !isLoopback(d.address) {
		fmt.Fprintf(&b, "    Others can reach this address, and everybody knows these passwords.\n")
	}
	if city.ID != 0 {
		from := date.Of(time.Now()).AddDays(30)
		fmt.Fprintf(&b, "\n  A room for two in %s:\n\n    curl -s '%s/hotels/available?city_id=%d&date_from=%s&date_to=%s&guests=2'\n",
			city.Name, base, city.ID, from, from.AddDays(2))
	}
	fmt.Fprintf(&b, "\nCtrl-C ends it.\n")
	_, err = fmt.Fprint(d.env.stdout, b.String())
	return err
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// reachable returns an address that a program on this machine can connect to.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return address.String()
}
