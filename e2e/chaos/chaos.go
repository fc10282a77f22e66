// Package chaos makes histories of a cluster and its cloud, at random and full of faults,
// and looks what is left when the faults are over. README.md says how to let them happen, and
// how to read what they tell.
//
// A history is a list of deeds: what authors of Services, users of the cloud, the operator
// and bad luck do. It happens in one process and in no time: a testing/synctest bubble,
// where time passes when everybody waits, holds the emulator, octagate's own webhook,
// reconciler, collector, Watch and facts, and an API server of its own. Between octagate
// and the cloud is a road on which calls are late, lost, refused, answered by half or not
// at all, before or after they had their effect; octagate is killed at any call, or there
// are two. Histories are drawn from a seed, can be shrunk, and are written as text.
//
// At every moment these hold:
//
//   - no floating IP is associated for a Service that does not have the claim to it, none of a
//     user is deleted, and none that is to be kept, or that its Service has and wants;
//   - nothing is changed that is not ours, nor anything for a Service that admission refuses,
//     but for the members that follow its Pods;
//   - a Service that is deleted and has nothing in the cloud is gone soon, if there is
//     an octagate at work, and leaves no load balancer behind.
//
// Then all trouble ends, and within a bound of time these hold, too:
//
//   - every Service that octagate balances has exactly one load balancer, which is exactly as
//     the Service wants it, and every other Service has none;
//   - what is refused deserves it, and what deserves it is refused;
//   - nothing that bears our mark serves no Service, and nothing foreign was touched;
//   - conditions, status and annotations tell the truth, and no finalizer is stuck;
//   - nothing more is done.
//
// What there should be is said here anew, in other words than octagate's: from the
// Services and what their authors asked for, against the emulator's own account.
//
// What chance decides follows from the seed and from the name and number of each call, and
// calls take times that are hardly ever the same twice, so that the same history nearly
// always happens the same way again, whatever the scheduler does.
//
// That histories find faults is tested, too, by octagates that have some: see sabotages in
// sabotage_test.go.
package chaos
