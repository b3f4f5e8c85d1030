package compose

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const (
	// File is the compose file, in the root of the repository.
	File = "docker-compose.local.yml"
	// EnvFile is what a newcomer copies the template to.
	EnvFile = ".local.env"
)

// Load reads the texts of a compose file and of its settings in dir, an empty directory, with all profiles. Relative
// paths are below dir.
func Load(ctx context.Context, dir string, file, settings []byte) (*types.Project, error) {
	for name, text := range map[string][]byte{File: file, EnvFile: settings} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("load the compose file: %w", err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, File)},
		cli.WithWorkingDirectory(dir), cli.WithProfiles([]string{"*"}), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, fmt.Errorf("load the compose file: %w", err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the compose file: %w", err)
	}
	return project, nil
}
