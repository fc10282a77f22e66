package main

import (
	"context"
	"errors"

	"go.uber.org/zap/zapcore"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/octagate/octagate/certs"
)

// run runs both halves until ctx ends.
func run(ctx context.Context, c Configuration) error {
	ctrl.SetLogger(zap.New(zap.StacktraceLevel(zapcore.DPanicLevel))) // an error of the cloud is no fault in the code
	writer, reader, err := clouds(c)
	if err != nil {
		return err
	}
	certificate, err := certs.SelfSigned(names(c.Webhook.BindAddress)...)
	if err != nil {
		return err
	}
	mgr, err := manager(c, certificate)
	if err != nil {
		return err
	}
	known, err := knowledge(ctx, mgr, c, reader)
	if err != nil {
		return err
	}
	trust := trust(mgr, certificate)
	admission(c, known).Register(mgr)
	err = errors.Join(
		building(ctx, mgr, c, writer, known),
		mgr.Add(known.cloud), mgr.Add(addresses(mgr, c, known)), mgr.Add(trust), mgr.Add(enforcement(mgr, c)),
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker()), mgr.AddReadyzCheck("trust", trust.Ready),
	)
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}
