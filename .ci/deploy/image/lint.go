package image

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Lint returns what BuildKit itself says of a Dockerfile, by all of its rules, the experimental ones too.
func Lint(ctx context.Context, dockerfile []byte) ([]string, error) {
	linux := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	opt := dockerfile2llb.ConvertOpt{TargetPlatform: &linux, MetaResolver: bases{}}
	opt.BuildPlatforms = []ocispecs.Platform{linux}
	opt.SourceMap = llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", dockerfile)
	opt.SourceMap.Definition = &llb.Definition{}
	opt.LinterConfig = &linter.Config{ExperimentalAll: true}
	results, err := dockerfile2llb.DockerfileLint(ctx, dockerfile, opt)
	if err != nil {
		return nil, fmt.Errorf("lint the Dockerfile: %w", err)
	}
	var findings []string
	for _, w := range results.Warnings {
		findings = append(findings, w.RuleName+": "+w.Detail)
	}
	if results.Error != nil {
		findings = append(findings, "Error: "+results.Error.Message)
	}
	return findings, nil
}

// bases answers for the images that others are made from, so that no registry is asked.
type bases struct{}

// ResolveImageConfig implements llb.ImageMetaResolver.
func (bases) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	config, err := json.Marshal(image)
	return ref, digest.FromBytes(config), config, err
}
