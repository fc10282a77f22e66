package openstack

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/apiversions"
)

// firstTags is the minor version of Octavia's API that has tags.
const firstTags = 5

// meet finds out what this cloud can do.
func (s *session) meet(ctx context.Context, c *Client) error {
	s.now, s.opens, s.adopts, s.legacy = c.now, c.Opens, c.Adopts, c.Legacy
	if s.legacy {
		return nil
	}
	minor, err := s.minor(ctx)
	s.tagged = minor >= firstTags
	return err
}

// minor is the newest minor version of Octavia's API 2.
func (s *session) minor(ctx context.Context) (int, error) {
	versions, err := all(ctx, "the versions of Octavia", apiversions.List(s.balance), apiversions.ExtractAPIVersions)
	newest := 0
	for _, v := range versions {
		if minor, found := strings.CutPrefix(v.ID, "v2."); found {
			n, err := strconv.Atoi(minor)
			if err != nil {
				return 0, fmt.Errorf("reading the versions of Octavia: %w", err)
			}
			newest = max(newest, n)
		}
	}
	return newest, err
}
