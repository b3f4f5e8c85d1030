package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"
)

const healthcheckTimeout = 5 * time.Second

func healthcheckCommand() command {
	return command{
		name:    "healthcheck",
		summary: "asks a running API whether it is ready",
		help: `For containers, which often have no curl: exits with 0 when the API answers 200, else with 1.
An address without a host, or with 0.0.0.0 or ::, is asked on this machine.`,
		setup: func(flags *flag.FlagSet) action {
			addr := flags.String("addr", defaultAPIAddr, "`address` that the API listens on")
			live := flags.Bool("live", false, "ask whether the process is alive, not whether it is ready")
			return func(ctx context.Context, _ environment, _ []string) error {
				path := "/ready"
				if *live {
					path = "/live"
				}
				return healthcheck(ctx, *addr, path)
			}
		},
	}
}

func healthcheck(ctx context.Context, addr, path string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("address %q: want host:port", addr)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return usagef("address %q: want host:port", addr)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, res.Status)
	}
	return nil
}
