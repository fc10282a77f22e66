package emulator

import (
	"fmt"
	"testing"
)

func TestATranscriptForgetsTheOldestCallsAndCountsThemStill(t *testing.T) {
	c := New(Options{})
	for i := range longestTranscript + 3 {
		c.record.add(Call{"GET", "lbaas/pools", 200 + i, 2})
	}
	all := c.Transcript()
	if len(all) != longestTranscript || all[0].Status != 203 || all[len(all)-1].Status != 202+longestTranscript {
		t.Errorf("%d calls, from %v to %v", len(all), all[0], all[len(all)-1])
	}
	if n := c.Counts()["GET lbaas/pools"]; n != longestTranscript+3 {
		t.Errorf("counted %d", n)
	}
	if n := c.Rows()["GET lbaas/pools"]; n != 2*(longestTranscript+3) {
		t.Errorf("counted %d rows", n)
	}
	c.ResetTranscript()
	if len(c.Transcript())+len(c.Counts())+len(c.Rows()) != 0 {
		t.Error("a reset forgets not all")
	}
}

func TestPathsThatNobodyServesDoNotFillTheCounts(t *testing.T) {
	c := New(Options{})
	for i := range mostCounted + 5 {
		c.record.add(Call{"GET", fmt.Sprint("x", i), 404, 0})
	}
	if n := c.Counts()[Any]; n != 5 || len(c.Counts()) != mostCounted+1 {
		t.Errorf("%d of %d are counted as any", n, len(c.Counts()))
	}
}
