// Otlpserver takes OTLP over HTTP at an address, by the OpenTelemetry collector's own receiver, and prints what it
// understood, as one line of JSON for each request.
package main

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	given := confmap.NewFromStringMap(map[string]any{
		"protocols": map[string]any{"http": map[string]any{"endpoint": os.Args[1]}},
	})
	must(0, given.Unmarshal(config))
	settings := receiver.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	traces := must(consumer.NewTraces(func(_ context.Context, sent ptrace.Traces) error {
		fmt.Println(string(must((&ptrace.JSONMarshaler{}).MarshalTraces(sent))))
		return nil
	}))
	metrics := must(consumer.NewMetrics(func(_ context.Context, sent pmetric.Metrics) error {
		fmt.Println(string(must((&pmetric.JSONMarshaler{}).MarshalMetrics(sent))))
		return nil
	}))
	for _, one := range []component.Component{
		must(factory.CreateTraces(ctx, settings, config, traces)),
		must(factory.CreateMetrics(ctx, settings, config, metrics)),
	} {
		must(0, one.Start(ctx, componenttest.NewNopHost()))
	}
	select {}
}
