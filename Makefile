# octagate: everything that is done with this repository. `make` explains it.
#
# Needed: Go, git and a shell. Everything else is built from Go modules, with the
# versions that go.mod and e2e/cluster/go.mod pin.

# The same settings for every build, so that each package is compiled only once.
export CGO_ENABLED = 0
BUILD = go build -trimpath

# What tests and the demo run: the control plane of Kubernetes, and octagate.
WORLD = KUBEBUILDER_ASSETS="$$(e2e/cluster/build)" && export KUBEBUILDER_ASSETS && export OCTAGATE="$(CURDIR)/bin/octagate"

# kubectl is the one on PATH, else the one that is built with the control plane.
KUBECTL = PATH="$$PATH:$$(command -v kubectl >/dev/null || e2e/cluster/build)" kubectl

# The tests of the Helm chart are a module of their own.
CHART = PATH="$$PATH:$$(command -v kubectl >/dev/null || e2e/cluster/build)" go -C e2e/chart test -trimpath -count=1 .

# What would have tests run in a real cloud is unset.
EMULATED = unset OCTAGATE_E2E_CLOUD $$(env | sed -n 's/^\(OCTAGATE_E2E_[A-Z_]*\)=.*/\1/p')

# The race detector needs cgo and a C compiler that works.
RACE = CGO_ENABLED=1 go build -race runtime/cgo 2>/dev/null

# The histories of e2e/chaos are many without the race detector, and few with it. What
# starts API servers has the machine to itself, one after the other: whoever is not heard
# for a lease leads no more.
ALONE = ./e2e ./e2e/install

.DEFAULT_GOAL := help
.PHONY: help build image cluster generate verify test chaos bench soak fuzz e2e-openstack demo emulator clean

help: ## explain each target (this is the default)
	@echo "usage: make TARGET"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## build octagate into bin/
	$(BUILD) -o bin/octagate ./cmd/octagate

# The image's name is the one that is installed.
IMAGE = $$(sed -n 's/^ *image: //p' manifests/base/deployment.yaml)

image: ## build the image, by whichever of docker, podman and buildah works here; IMAGE=name:tag names it
	GOOS=linux $(BUILD) -ldflags '-s -w' -o bin/image/octagate ./cmd/octagate
	@for tool in docker podman buildah; do \
		if $$tool info >/dev/null 2>&1; then \
			echo "$$tool build --tag $(IMAGE)" && exec $$tool build --file manifests/Dockerfile --tag "$(IMAGE)" bin/image; \
		fi; \
	done; \
	echo "**** NO IMAGE: none of docker, podman and buildah works here. bin/image/octagate is all that would be in it ****"; exit 1

cluster: ## build etcd, kube-apiserver, kube-controller-manager (once, about 6 minutes) and print their directory
	@e2e/cluster/build

generate: ## write what comes from code: pages, the README's picture, the API server's policies, and install.yaml
	go test -trimpath -count=1 -run Catalogue ./policy -update
	go test -trimpath -count=1 -run TestPage ./cmd/octagate/preflight -update
	go run -trimpath ./cmd/octagate annotations > policy/annotation/README.md.new && mv policy/annotation/README.md.new policy/annotation/README.md
	go run -trimpath ./cmd/octagate metrics > manifests/metrics.md.new && mv manifests/metrics.md.new manifests/metrics.md
	go test -trimpath -count=1 -run PictureOfTheReadme ./cmd/octagate -update
	go run -trimpath ./cmd/octagate metrics --dashboard > octagate.json.new && mv octagate.json.new manifests/components/monitoring/octagate.json
	go test -trimpath -count=1 ./manifests/static -update
	{ echo "# What \`kubectl apply\` installs: manifests/overlays/self, rendered by \`make generate\`."; \
		$(KUBECTL) kustomize manifests/overlays/self; } > manifests/install.yaml.new && mv manifests/install.yaml.new manifests/install.yaml

verify: ## check that these pages are current, and the examples in them (make test does, too)
	go test -trimpath -count=1 -run 'Catalogue|Reference|Current|Coverage|TestPage' ./policy ./policy/annotation ./cmd/octagate/... ./manifests/...
	$(CHART) -run Current

test: build ## run every test: unit, laws, layout, the emulator over HTTP, and a real API server
	@unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet -trimpath ./...
	go -C e2e/chart vet -trimpath . && $(CHART)
	@export PROMTOOL="$$(e2e/promtool/get || echo '**** NO PROMTOOL: alerts are not tried ****' >&2)"; \
	$(EMULATED) && $(WORLD) || exit 1; \
	if $(RACE); then \
		export CGO_ENABLED=1; run="go test -race -shuffle=on -count=1"; \
	else \
		echo "**** NO RACE DETECTOR: it needs a C compiler, and there is none that works ****"; \
		run="go test -trimpath -shuffle=on -count=1"; \
	fi; \
	echo "$$run ./..., and $(ALONE) at the end"; \
	$$run $$(go list ./... | grep -vE '/octagate/e2e(/install)?$$'); others=$$?; \
	CGO_ENABLED=0 go test -trimpath -shuffle=on -count=1 ./e2e/chaos ./e2e/bench || others=$$?; \
	$$run -timeout 20m -p 1 $(ALONE) && exit $$others

chaos: ## let N=10000 histories happen, full of faults, from SEED=1 on; and kill octagate at, and have every fault of, every single call
	go test -trimpath -count=1 -timeout 0 -v ./e2e/chaos -run 'Histories$$|EveryCall' -chaos.n $(or $(N),10000) -chaos.seed $(or $(SEED),1) -chaos.every

bench: build ## measure octagate against the goals of e2e/bench/README.md, in about 40 minutes; BENCH=admission|check|apiserver|load|scale|lists for a part, BENCHFLAGS=-h for more
	$(BUILD) -o bin/bench ./e2e/bench
	@$(WORLD) && bin/bench $(BENCHFLAGS) $(BENCH)

soak: build ## let Services come and go for DURATION=30m, and see whether anything of them stays in memory
	$(BUILD) -o bin/bench ./e2e/bench
	@$(WORLD) && bin/bench -json bin/soak.json -lines bin/soak.txt -duration $(or $(DURATION),30m) $(BENCHFLAGS) soak

# What runs on a real OpenStack: one suite after the other, each test by its name. The
# timeout is generous, for a suite that meets it cannot clean up.
REAL = go test -trimpath -count=1 -p 1 -timeout 45m -v

# Every package with fuzz targets, by itself: Go fuzzes one target at a time. What they
# depend on is compiled once more for that, with counters, and kept in Go's build cache.
FUZZTIME = 60s

fuzz: ## look for faults by random input, FUZZTIME=60s for each target; what is found stays in testdata/fuzz (the first time compiles for minutes)
	@set -e; for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(go test -trimpath -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target" && go test -trimpath -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$package; \
		done; \
	done

e2e-openstack: build ## run the contract and the end-to-end tests on a real OpenStack: root on Debian, or any cloud by OS_CLOUD (it asks for a second word)
	@[ -z "$$OS_CLOUD" ] || [ "$$OS_CLOUD" = "$$OCTAGATE_E2E_CLOUD" ] || e2e/openstack/run true # which refuses, and says why
	@$(WORLD) && e2e/openstack/run $(REAL) ./e2e/contract ./e2e
	@if [ -n "$$OS_CLOUD" ]; then \
		:; \
	elif [ "$$KEEP" = 1 ]; then \
		echo "NOT RUN once more on Octavia as packaged: KEEP=1 keeps the cloud that stands in its place"; \
	else \
		echo "and the contract once more, on Octavia as Debian packages it, with its faults" && \
		CLOUD_AS_PACKAGED=1 e2e/openstack/run $(REAL) ./e2e/contract; \
	fi

demo: build ## tell the story on a real API server and an emulated OpenStack; ONCE=1 ends after it
	$(BUILD) -o bin/demo ./e2e/demo
	@$(WORLD) && bin/demo $(if $(filter-out 0,$(ONCE)),--once)

emulator: ## serve the OpenStack emulator alone
	go run -trimpath ./e2e/emulator/serve

clean: ## remove what was built, the control plane too (its compiled packages stay in Go's build cache)
	rm -rf bin .cache
