// Package chaos makes histories of a cluster and its cloud, at random and full of faults,
// and looks what is left when the faults are over.
//
// A history is a list of deeds: what authors of Services, users of the cloud, the operator
// and bad luck do. It happens in one process and in no time: a testing/synctest bubble,
// where time passes when everybody waits, holds the emulator, octagate's own webhook,
// reconciler, collector, Watch and facts, and an API server of its own. Between octagate
// and the cloud is a road on which calls are late, lost, refused, answered by half or not
// at all, before or after they had their effect; octagate is killed at any call, or there
// are two. Histories are drawn from a seed, can be shrunk, and are written as text.
//
// Then all trouble ends, and within a bound of time these hold:
//
//  1. every Service that octagate balances has exactly one load balancer, which is exactly as
//     the Service wants it, and every other Service has none;
//  2. nothing of ours is left that no Service owns, no floating IP of a user was deleted or
//     lost that was to be kept, and nothing foreign was touched;
//  3. no floating IP was associated, even for a moment, for a Service that did not have the
//     claim to it;
//  4. conditions, status and annotations tell the truth, and no finalizer is stuck;
//  5. a Service that is refused deserves it, and nothing more is done once all is well.
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
