# Type `make` for the list of targets. Everything is set up by itself, once, in .venv.
PYTHON ?= python3
BIN := .venv/bin
PORT ?=

TAKES = $(if $(RELEASE_KEY),--release-key "$(RELEASE_KEY)")
WHAT = --board "$(BOARD)" $(if $(PROFILE),--profile "$(PROFILE)") $(if $(FORCE),--force) $(TAKES)
IMAGE = $(if $(CONFIG),--config "$(CONFIG)") $(if $(FIRMWARE),--firmware "$(FIRMWARE)")
SIGN = $(if $(KEY),--key "$(KEY)")
DEVICE = $(if $(PORT),--port "$(PORT)")
FLASH = $(if $(ERASE),--erase) $(if $(NO_STUB),--no-stub)

.DEFAULT_GOAL := help
.PHONY: help run build flash firmware deploy test setup check bench lock pictures drawings

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole thing on this computer: simulated pack, firmware, broker, page (PORT=/dev/ttyUSB0 for a real balancer; SCENARIO=ride|charge|storage|weak_cell|wire_comes_loose: pack and policy on one screen)
	@$(PYTHON) tools/dev/bootstrap.py run
	@exec $(if $(SCENARIO),$(BIN)/evencell run --scenario $(SCENARIO),$(BIN)/python -m tools.dev.demo $(PORT))

build: ## what a board gets, in build/<board>/: BOARD=… [PROFILE=full|display|telemetry] [CONFIG=my.json] [FIRMWARE=micropython.bin] [KEY=update.pem] [RELEASE_KEY=release.pem] [FORCE=1 for what the memory has no room for]
	@$(PYTHON) tools/dev/bootstrap.py flash
	@$(BIN)/python -X utf8 -m tools.build.command $(WHAT) $(IMAGE) $(SIGN)

flash: ## all that onto an ESP32, with MicroPython; keeps configuration and history: as make build [PORT=/dev/ttyUSB0] [ERASE=1 keeps nothing] [NO_STUB=1]
	@$(PYTHON) tools/dev/bootstrap.py flash
	@$(BIN)/python -X utf8 -m tools.flash.command $(WHAT) $(IMAGE) $(DEVICE) $(FLASH)

firmware: ## evencell's own MicroPython with evencell in it: BOARD=… [SOURCES=micropython checkout] [KEY=update.pem] (needs Docker, or ESP-IDF)
	@$(PYTHON) tools/dev/bootstrap.py flash
	@$(BIN)/python -X utf8 -m tools.release.firmware --board "$(BOARD)" $(if $(SOURCES),--sources "$(SOURCES)") $(SIGN) $(TAKES)

deploy: ## the firmware alone onto a board that runs it: BOARD=… [PROFILE=…] [CONFIG=my.json says which display] [PORT=/dev/ttyUSB0] [FORCE=1 onto a device made for another board]
	@$(PYTHON) tools/dev/bootstrap.py flash
	@$(BIN)/python -X utf8 -m tools.deploy.command $(WHAT) $(if $(CONFIG),--config "$(CONFIG)") $(DEVICE)

test: setup ## every test: CPython, MicroPython, 32-bit MicroPython, broker, browser
	@$(BIN)/python -m tools.dev.system_packages
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## lint, format, types, architecture rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/pyright --project tools
	@$(BIN)/python -m pytest --quiet host_tests/test_architecture.py

bench: setup ## measure, print a table, write build/bench.json
	@$(BIN)/python -m tools.bench

setup: ## .venv with everything pinned; the others call it, and it does nothing twice
	@$(PYTHON) tools/dev/bootstrap.py develop

pictures: setup ## take the documents' pictures anew, from the running thing
	@$(BIN)/python -m tools.dev.system_packages
	@$(BIN)/python -m tools.docs.pictures

drawings: setup ## docs/boards.md with its drawings, from the board files; energy in docs/power.md, from its model
	@$(BIN)/python -m tools.docs.boards
	@$(BIN)/python -m tools.docs.power

lock: setup ## follow the dependencies of pyproject.toml into constraints.txt
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v '^rinoh' > constraints.txt
