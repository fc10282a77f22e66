package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-logr/logr"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/octagate/octagate/certs"
)

// share is how much of a container's memory is Go's before it collects more often rather
// than take more: above the limit the kernel ends the process. Pages of the program are
// read again if need be; the rest is the kernel's, for connections. Outside of containers
// there is no limit, and GOMEMLIMIT goes before ours.
const share = 0.8

// run runs both halves until ctx ends, and a while longer.
func run(ctx context.Context, c Configuration) error {
	ctrl.SetLogger(zap.New(zap.StacktraceLevel(zapcore.DPanicLevel))) // an error of the cloud is no fault in the code
	klog.SetLogger(ctrl.Log)                                          // for the libraries that have no other
	memlimit.Set(memlimit.WithRatio(share), memlimit.WithLogger(slog.New(logr.ToSlogHandler(ctrl.Log.WithName("memory")))))
	writer, reader, err := clouds(c)
	if err != nil {
		return err
	}
	serving := &certs.Serving{}
	server := served(ctx, c.Webhook, serving)
	mgr, err := manager(c, server)
	if err != nil {
		return err
	}
	known, err := knowledge(ctx, mgr, c, reader)
	if err != nil {
		return err
	}
	admission(c, known).Register(mgr)
	err = errors.Join(
		building(ctx, mgr, c, writer, known), certificates(mgr, c, serving),
		mgr.Add(known.cloud), mgr.Add(addresses(mgr, c, known)), mgr.Add(enforcement(mgr, c)),
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("webhook", server.StartedChecker()), mgr.AddReadyzCheck("certificate", serving.Ready),
		mgr.AddReadyzCheck("cluster", known.Ready), mgr.AddReadyzCheck("facts", known.cloud.Ready), mgr.AddReadyzCheck("staying", staying(ctx)),
	)
	if err != nil {
		return err
	}
	last, cancel := lingering(ctx, c.Webhook.LameDuck.value())
	defer cancel()
	err = mgr.Start(last)
	server.Wait() // who has lost the lease builds nothing any more, and goes on answering for a while
	return err
}
