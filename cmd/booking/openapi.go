package main

import (
	"context"
	"flag"
	"log/slog"
	"strings"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/pg"
)

func openapiCommand() command {
	return command{
		name:    "openapi",
		summary: "prints the OpenAPI document",
		help:    "It is the one that a server with the same ROOT_PATH answers to GET /openapi.json. No database is needed.",
		setup: func(*flag.FlagSet) action {
			return func(ctx context.Context, env environment, _ []string) error {
				document, err := openapiDocument(ctx, env.getenv)
				if err != nil {
					return err
				}
				_, err = env.stdout.Write(append(document, '\n'))
				return err
			}
		},
	}
}

func openapiDocument(ctx context.Context, getenv func(string) string) ([]byte, error) {
	r := config.NewReader(getenv)
	rootPath := r.Path("ROOT_PATH")
	if err := r.Err(); err != nil {
		return nil, err
	}
	a, err := newApplication(ctx, unconnected(rootPath), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return a.api.Document(), a.close()
}

// unconnected are settings for an application that answers no requests.
func unconnected(rootPath string) settings {
	return settings{
		database: pg.Config{Host: "localhost"},
		redis:    redisSettings{host: "localhost"},
		tokens:   tokenSettings{secret: config.Secret(strings.Repeat("-", minSecretSize))},
		// A bucket, as a directory would be made.
		images: imageSettings{
			bucket: bucketSettings{name: "images", endpoint: "http://localhost"}, maxFileSize: defaultMaxImageSize << 20,
		},
		rootPath: rootPath,
	}
}
