package main

import (
	"context"
	"errors"

	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/octagate/octagate/certs"
)

// run runs both halves until ctx ends, and a while longer.
func run(ctx context.Context, c Configuration) error {
	ctrl.SetLogger(zap.New(zap.StacktraceLevel(zapcore.DPanicLevel))) // an error of the cloud is no fault in the code
	klog.SetLogger(ctrl.Log)                                          // for the libraries that have no other
	thrifty(ctrl.Log.WithName("memory"))
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
